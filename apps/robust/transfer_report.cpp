#include "transfer_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "drawing/canvas.hpp"
#include "summary.hpp"

namespace apps {
namespace {

using phosphene::TransferCell;
using phosphene::TransferMatrix;

Rate rate_of(const TransferCell& cell) { return {cell.fooled, cell.correct}; }

Rate clean_of(const TransferMatrix& matrix, std::size_t k) {
  return {matrix.correct[k], matrix.images};
}

std::string counts(const Rate& rate) {
  return std::to_string(rate.count) + " of " + std::to_string(rate.of);
}

std::string short_percent(const Rate& rate) {
  if (rate.of == 0) return "-";
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * rate.value());
  return text.data();
}

}  // namespace

std::string table(const TransferMatrix& matrix) {
  std::string text = "| crafted on \\ shown to |", rule = "|---|";
  for (const std::string& name : matrix.names) {
    text += " " + name + " |";
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  for (std::size_t i = 0; i < matrix.names.size(); ++i) {
    text += "| " + matrix.names[i] + " |";
    for (const TransferCell& cell : matrix.cells[i]) {
      text += " " + percent(rate_of(cell)) + ", " + counts(rate_of(cell)) + " |";
    }
    text += "\n";
  }
  text += "| clean accuracy |";
  for (std::size_t k = 0; k < matrix.names.size(); ++k) {
    text += " " + percent(clean_of(matrix, k)) + ", " + counts(clean_of(matrix, k)) + " |";
  }
  return text + "\n";
}

nlohmann::json to_json(const TransferMatrix& matrix) {
  nlohmann::json networks = nlohmann::json::array(), cells = nlohmann::json::array();
  for (std::size_t i = 0; i < matrix.names.size(); ++i) {
    nlohmann::json network{{"name", matrix.names[i]}, {"correct", matrix.correct[i]}};
    put(network, "clean_accuracy", clean_of(matrix, i));
    networks.push_back(network);
    for (std::size_t j = 0; j < matrix.names.size(); ++j) {
      const TransferCell& own = matrix.cells[i][j];
      nlohmann::json cell{{"surrogate", matrix.names[i]},
                          {"victim", matrix.names[j]},
                          {"fooled", own.fooled},
                          {"correct", own.correct}};
      put(cell, "attack_success_rate", rate_of(own));
      cells.push_back(cell);
    }
  }
  return {{"images", matrix.images}, {"networks", networks}, {"matrix", cells}};
}

phosphene::Tensor matrix_picture(const std::string& title, const TransferMatrix& matrix) {
  constexpr double kCell = 170, kHeight = 110, kText = 22, kSmall = 16, kMargin = 30, kTop = 130;
  constexpr Colour kDark{0.0F, 0.27F, 0.45F}, kGrey{0.45F, 0.45F, 0.45F};
  double widest = text_width("clean accuracy", kText);
  for (const std::string& name : matrix.names) widest = std::max(widest, text_width(name, kText));
  const double left = 2 * kMargin + std::min(widest, 300.0);
  const auto count = static_cast<double>(matrix.names.size());
  const double width = std::max(left + count * kCell + kMargin, 620.0);
  const double height = kTop + count * kHeight + 80 + kMargin;
  Canvas canvas(static_cast<std::int64_t>(width), static_cast<std::int64_t>(height));
  canvas.text(fitted(title, 26, width - 2 * kMargin), {width / 2, 42}, 26, Align::centre);
  canvas.text("shown to", {left + count * kCell / 2, 76}, kSmall, Align::centre, kGrey);
  canvas.text("crafted on", {left - kMargin / 2, kTop - 18}, kSmall, Align::right, kGrey);
  for (std::size_t i = 0; i < matrix.names.size(); ++i) {
    const double y = kTop + static_cast<double>(i) * kHeight;
    canvas.text(fitted(matrix.names[i], kText, left - 2 * kMargin),
                {left - kMargin / 2, y + kHeight / 2 + 8}, kText, Align::right);
    const double head = left + (static_cast<double>(i) + 0.5) * kCell;
    canvas.text(fitted(matrix.names[i], kText, kCell - 10), {head, kTop - 18}, kText,
                Align::centre);
    for (std::size_t j = 0; j < matrix.names.size(); ++j) {
      const Rate rate = rate_of(matrix.cells[i][j]);
      const double x = left + static_cast<double>(j) * kCell;
      const Colour ink = rate.value() > 0.45 ? kWhite : kInk;
      canvas.fill(x + 2, y + 2, kCell - 4, kHeight - 4, kFaint, 0.5F);
      canvas.fill(x + 2, y + 2, kCell - 4, kHeight - 4, kDark, static_cast<float>(rate.value()));
      canvas.text(short_percent(rate), {x + kCell / 2, y + 52}, kText + 4, Align::centre, ink);
      canvas.text(counts(rate), {x + kCell / 2, y + 80}, kSmall, Align::centre, ink);
    }
  }
  const double y = kTop + count * kHeight + 44;
  canvas.text("clean accuracy", {left - kMargin / 2, y}, kText - 3, Align::right, kGrey);
  for (std::size_t k = 0; k < matrix.names.size(); ++k) {
    const double x = left + (static_cast<double>(k) + 0.5) * kCell;
    canvas.text(short_percent(clean_of(matrix, k)), {x, y}, kText - 3, Align::centre, kGrey);
  }
  return canvas.take();
}

}  // namespace apps
