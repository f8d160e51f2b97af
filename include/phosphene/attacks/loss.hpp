#pragma once
#include <cstdint>
#include <string>

namespace phosphene {

/// What an attack makes large, of the logits z with the class y: the true one, or, targeted, the
/// one to be shown (the loss's sign is then turned, unless said otherwise).
enum class AttackLoss : std::uint8_t {
  cross_entropy,  ///< -log softmax(z)_y
  margin,  ///< max over j != y of z_j - z_y (Carlini and Wagner 2017): above 0 the image is fooled
  dlr      ///< (max over j != y of z_j - z_y) / (z_1 - z_3), z sorted from the largest (Croce and
           ///< Hein 2020); targeted: (z_t - z_y) / (z_1 - (z_3 + z_4) / 2)
};
AttackLoss parse_attack_loss(const std::string& name);  ///< Throws UsageError.

}  // namespace phosphene
