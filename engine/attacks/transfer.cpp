#include "phosphene/attacks/transfer.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/attacks/ask.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// An image's classes, and which networks name it correctly.
struct Seen {
  std::int64_t label = 0, target = -1;
  std::vector<bool> correct;
};

/// Gathers images, and shows them a batch at a time to every network.
class Show {
 public:
  using Labels = std::function<void(std::int64_t index, std::size_t network, std::int64_t label)>;

  Show(const Context& context, const std::vector<TransferNetwork>& networks, std::int64_t batch,
       Labels labels)
      : context_(context), networks_(networks), batch_(batch), labels_(std::move(labels)) {}

  void add(std::int64_t index, const Tensor& image) {
    const Shape& s = image.shape();
    if (images_.empty()) images_ = Tensor::host({batch_, s.c, s.h, s.w});
    if (const Shape& own = images_.shape(); Shape{1, own.c, own.h, own.w} != s) {
      throw Error("image " + std::to_string(index) + ": of size " + to_string(s) + ", expected " +
                  to_string(Shape{1, own.c, own.h, own.w}) + " as the first");
    }
    std::copy_n(image.data(), s.count(),
                images_.data() + static_cast<std::int64_t>(indices_.size()) * s.count());
    indices_.push_back(index);
    if (static_cast<std::int64_t>(indices_.size()) == batch_) flush();
  }

  void flush() {
    if (indices_.empty()) return;
    Shape shape = images_.shape();
    shape.n = static_cast<std::int64_t>(indices_.size());
    const Tensor on_device =
        ops::to_device(context_, Tensor::view(images_.data(), images_.device(), shape));
    for (std::size_t k = 0; k < networks_.size(); ++k) {
      const Tensor scores =
          ops::to_host(context_, ask(context_, networks_[k].classifier, on_device));
      const std::int64_t classes = scores.shape().c;
      for (std::size_t i = 0; i < indices_.size(); ++i) {
        const float* own = scores.data() + static_cast<std::int64_t>(i) * classes;
        labels_(indices_[i], k, predicted_class(own, classes));
      }
    }
    indices_.clear();
  }

 private:
  const Context& context_;
  const std::vector<TransferNetwork>& networks_;
  std::int64_t batch_;
  Labels labels_;
  Tensor images_;
  std::vector<std::int64_t> indices_;
};

}  // namespace

TransferMatrix transfer(const Context& context, const std::vector<TransferNetwork>& networks,
                        const std::function<NextExample()>& queue, std::int64_t batch,
                        const std::function<void()>& progress) {
  const std::size_t count = networks.size();
  TransferMatrix matrix;
  matrix.correct.resize(count);
  matrix.cells.assign(count, std::vector<TransferCell>(count));
  for (const TransferNetwork& network : networks) matrix.names.push_back(network.name);

  std::map<std::int64_t, Seen> seen;
  Show clean(context, networks, batch,
             [&](std::int64_t index, std::size_t network, std::int64_t label) {
               Seen& image = seen.at(index);
               image.correct[network] = label == image.label;
               matrix.correct[network] += label == image.label ? 1 : 0;
             });
  const NextExample examples = queue();
  while (const std::optional<Example> example = examples()) {
    seen[example->index] = {example->label, example->target, std::vector<bool>(count)};
    clean.add(example->index, example->image);
  }
  clean.flush();
  matrix.images = static_cast<std::int64_t>(seen.size());

  for (std::size_t surrogate = 0; surrogate < count; ++surrogate) {
    std::vector<TransferCell>& row = matrix.cells[surrogate];
    Show attacked(context, networks, batch,
                  [&](std::int64_t index, std::size_t victim, std::int64_t label) {
                    const Seen& image = seen.at(index);
                    if (!image.correct[victim]) return;
                    ++row[victim].correct;
                    if (fools(label, image.label, image.target)) ++row[victim].fooled;
                  });
    networks[surrogate].craft(queue(), [&](const Outcome& outcome) {
      attacked.add(outcome.index, outcome.image);
      if (progress) progress();
    });
    attacked.flush();
  }
  return matrix;
}

}  // namespace phosphene
