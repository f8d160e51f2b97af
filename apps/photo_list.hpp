#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common.hpp"

namespace apps {

/// One line of the list that a sweep goes through.
struct Item {
  std::string listed;  ///< the name in the folder, or the list's line: the same on every machine
  std::string path;    ///< where it is
  std::string stem;    ///< what its files would be called if no other item were
  std::string name;    ///< of its files, without an ending
};

/// Names each item's files: by its stem, or, where files of two items (one of `endings` each) would
/// be the same, by both stem and index: cat.3, cat.17.
void give_names(std::vector<Item>& items, const std::vector<std::string>& endings);

/// The photographs of `--image` or of `--images`: of a folder its files that end in .jpg, .jpeg,
/// .png or .bmp, sorted by the bytes of their names; of a list its lines, each a path relative to
/// the list's folder. Not named yet. Throws UsageError where there is none.
std::vector<Item> photo_list(const std::string& image, const std::string& images);

/// 16 hexadecimal digits that stand for the list: of what is listed, in order.
std::string list_hash(const std::vector<Item>& items);

/// Throws UsageError if `out` is the folder `images`, whose list each picture would add to.
void check_out(const std::string& images, const std::string& out);

/// Throws UsageError if a file of an item would replace a photograph, or one of `inputs`.
void check_overwriting(const std::vector<Item>& items, const std::string& out,
                       const std::vector<std::string>& endings, const NamedFiles& inputs);

/// Throws UsageError if the file of --json would, or if in the folder `out` its name might be a
/// result's; `flag` is where the items are from.
void check_report(const std::vector<Item>& items, const std::string& flag, const std::string& json,
                  const std::string& out, const NamedFiles& inputs);

}  // namespace apps
