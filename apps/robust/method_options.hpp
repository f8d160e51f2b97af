#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "phosphene/attacks/apgd.hpp"
#include "phosphene/attacks/carlini_wagner.hpp"
#include "phosphene/attacks/deepfool.hpp"
#include "phosphene/attacks/fab.hpp"
#include "phosphene/attacks/hop_skip_jump.hpp"
#include "phosphene/attacks/pgd.hpp"
#include "phosphene/attacks/square.hpp"
#include "phosphene/tensor.hpp"

namespace apps {

/// What flags may say of a method; what they do not is the method's own default.
struct MethodOptions {
  phosphene::Norm norm = phosphene::Norm::linf;
  std::optional<phosphene::AttackLoss> loss;
  std::optional<int> steps, restarts, samples, searches;
  std::optional<float> alpha, momentum, lambda;
  std::optional<std::int64_t> queries;
  bool stay = false;
  phosphene::Tensor mask;  ///< host, [1, 1, h, w]; empty: none
};

// An attack's options from flags, from the usual ones on where several methods share an attack.
phosphene::PgdOptions pgd_options(const MethodOptions& o, phosphene::PgdOptions usual);
phosphene::PgdOptions penalty_options();  ///< usual ones of the chapter's penalty form
phosphene::ApgdOptions apgd_options(const MethodOptions& o, phosphene::ApgdOptions usual);
phosphene::CarliniWagnerOptions cw_options(const MethodOptions& o);
phosphene::DeepFoolOptions deepfool_options(const MethodOptions& o);
phosphene::FabOptions fab_options(const MethodOptions& o);
phosphene::SquareOptions square_options(const MethodOptions& o);
phosphene::HopSkipJumpOptions hop_skip_jump_options(const MethodOptions& o);

// All of them that decide a result, as a report has them; setup.cpp lists the names.
nlohmann::json said(const phosphene::PgdOptions& o);
nlohmann::json said(const phosphene::ApgdOptions& o);
nlohmann::json said(const phosphene::CarliniWagnerOptions& o);
nlohmann::json said(const phosphene::DeepFoolOptions& o);
nlohmann::json said(const phosphene::FabOptions& o);
nlohmann::json said(const phosphene::SquareOptions& o);
nlohmann::json said(const phosphene::HopSkipJumpOptions& o);

}  // namespace apps
