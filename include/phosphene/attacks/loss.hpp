#pragma once
#include <cstdint>
#include <string>

namespace phosphene {

/// What an attack makes larger, of the logits z of an image of class y; targeted, of the class t
/// that it is to show. z_1 >= z_2 >= ... are the logits sorted.
enum class AttackLoss : std::uint8_t {
  cross_entropy,  ///< -log softmax(z)_y; targeted: log softmax(z)_t
  margin,  ///< max over j != y of z_j - z_y; targeted: z_t - max over j != t of z_j (Carlini and
           ///< Wagner 2017). Above 0 the image is fooled
  dlr,     ///< (max over j != y of z_j - z_y) / (z_1 - z_3 + 1e-12); targeted: (z_t - z_y) /
           ///< (z_1 - (z_3 + z_4) / 2 + 1e-12) (Croce and Hein 2020). Needs 3 classes, targeted 4
  score    ///< -z_y; targeted: z_t, the chapter's (21.7.1)
};
std::string to_string(AttackLoss loss);                 ///< "ce", "margin", "dlr", "score"
AttackLoss parse_attack_loss(const std::string& name);  ///< Throws UsageError.

}  // namespace phosphene
