// What programs that attack share: rates, distances, curves, tables, epsilons.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/checksum.hpp"
#include "apps/epsilons.hpp"
#include "apps/journal.hpp"
#include "apps/robust/pictures.hpp"
#include "apps/robust/record.hpp"
#include "apps/robust/runs.hpp"
#include "apps/robust/setup.hpp"
#include "apps/robust/summary.hpp"
#include "phosphene/tensor.hpp"
#include "tests/apps/robust_records.hpp"

namespace apps {
namespace {

using phosphene::Norm;
using phosphene::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

TEST(Epsilons, AreNumbersAndFractions) {
  EXPECT_EQ(epsilon("--eps", "8/255", Norm::linf), 8.0 / 255);
  EXPECT_EQ(epsilon("--eps", "0.5", Norm::linf), 0.5);
  EXPECT_EQ(epsilon("--eps", "3", Norm::l2), 3);
  EXPECT_EQ(epsilon("--eps", "0", Norm::linf), 0);
}

TEST(Epsilons, RangesShareTheirDenominator) {
  const std::vector<double> all = epsilons("--epsilons", "0:16:1/255", Norm::linf);
  ASSERT_THAT(all, SizeIs(17));
  for (int i = 0; i <= 16; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i / 255.0);
  EXPECT_THAT(epsilons("--epsilons", "0:1:0.5", Norm::l2), ElementsAre(0, 0.5, 1));
  EXPECT_THAT(epsilons("--epsilons", "2/255,0,2/255", Norm::linf), ElementsAre(0, 2.0 / 255));
}

TEST(Epsilons, OfARangeAreAsTyped) {
  EXPECT_EQ(epsilons("--epsilons", "0:0.3:0.1", Norm::l2), (std::vector{0.0, 0.1, 0.2, 0.3}));
  EXPECT_EQ(epsilons("--epsilons", "0:8:1/255", Norm::linf).back(), 8 / 255.0);
}

TEST(Epsilons, RefuseWhatIsNoRadius) {
  const auto one = [](const char* text) {
    return refusal([&] { epsilon("--eps", text, Norm::linf); });
  };
  EXPECT_THAT(one("8"), HasSubstr("8/255"));
  EXPECT_THAT(one("-0.1"), HasSubstr("negative"));
  EXPECT_THAT(one("eight"), HasSubstr("8/255"));
  EXPECT_THAT(refusal([] { epsilon("--eps", "1e300/1e-9", Norm::l2); }), HasSubstr("at most"));
  EXPECT_THAT(one("8/0"), HasSubstr("--eps '8/0'"));
  EXPECT_THAT(one("8/255/2"), HasSubstr("--eps '8/255/2'"));
  EXPECT_THAT(one(""), HasSubstr("--eps ''"));
  const auto list = [](const char* text) {
    return refusal([&] { epsilons("--epsilons", text, Norm::linf); });
  };
  for (const char* text :
       {"0:16", "0:16:0", "16:0:1/255", "0:1/255:16", "1:2:3:4", "0,,1", ":::"}) {
    EXPECT_THAT(list(text), HasSubstr("--epsilons")) << text;
  }
  EXPECT_THAT(list("0:16:1"), HasSubstr("it is 0:16:1/255"));
  EXPECT_THAT(list("0:8/255:1/255"), HasSubstr("stands once, at the end"));
  EXPECT_THAT(list("0:16"), HasSubstr("STEP is missing"));
  EXPECT_THAT(list("0:16:0"), HasSubstr("STEP is not above 0"));
  EXPECT_THAT(list("16:0:1/255"), HasSubstr("TO is below FROM"));
  EXPECT_THAT(list("0:1:0.000001"), HasSubstr("at most"));
}

TEST(Records, GoToJsonAndBack) {
  Record record = right(8.0 / 255, true);
  record.attacked->target = 5;
  EXPECT_EQ(to_json(record_of(to_json(record))), to_json(record));
  const Record wrong{3, 4, 0.5, {}, {}};
  EXPECT_EQ(to_json(record_of(to_json(wrong))), to_json(wrong));
  EXPECT_EQ(to_json(wrong).size(), 3U);
  EXPECT_THAT(refusal([] { record_of({{"label", 3}, {"clean", "cat"}}); }), HasSubstr("'clean'"));
}

TEST(Records, FloatsAreShort) {
  EXPECT_EQ(shortest(0.1F), 0.1);
  EXPECT_EQ(static_cast<float>(shortest(1.0F / 3)), 1.0F / 3);
}

TEST(Summaries, CountEachRateOfItsOwn) {
  const std::vector<Summary> all = summarise(two_epsilons());
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].clean.value(), 0.75);
  EXPECT_EQ(all[0].success.value(), 0.5);  // of the 6 that are right: wrong ones are no successes
  EXPECT_EQ(all[0].robust.value(), 0.375);
  EXPECT_EQ(all[1].robust.value(), 0.125);
  EXPECT_EQ(all[0].linf.median, 1 / 255.0);
  EXPECT_EQ(all[0].iterations.mean, 12);
  EXPECT_EQ(all[0].total_queries, 3 * 5 + 3 * 21);
}

/// Found at these distances, and one for which nothing was.
std::vector<Record> nearest(const std::vector<double>& distances) {
  std::vector<Record> records;
  for (const double distance : distances) records.push_back(right(distance, true));
  records.push_back(right(0, false));
  for (Record& record : records) record.epsilon.reset();
  return records;
}

TEST(Summaries, OfTheNearestAreDistances) {
  const std::vector<Record> records = nearest({0.1, 0.2, 0.3, 0.4, 0.5});
  const Summary s = summarise(records).front();
  EXPECT_EQ(s.linf.median, 0.3);
  EXPECT_NEAR(s.linf.mean, 0.3, 1e-12);
  const std::vector<double> expected{0.14, 0.2, 0.4, 0.46};  // NumPy's of the five
  for (std::size_t k = 0; k < expected.size(); ++k) {
    EXPECT_NEAR(s.linf.quantiles[k], expected[k], 1e-12);
  }
  const nlohmann::json json = to_json(s);
  EXPECT_FALSE(json.contains("robust_accuracy"));  // any image is fooled at some distance
  EXPECT_NEAR(json["l2"]["quantiles"]["0.25"].get<double>(), 2, 1e-12);
  EXPECT_EQ(to_json(summary_of(json)), json);
  const std::string text = table({s}, Norm::linf, false);
  EXPECT_THAT(text, HasSubstr("| 0.30000 | 0.30000 | 0.14000 to 0.46000 |"));
  EXPECT_THAT(text, Not(HasSubstr("robust")));
}

TEST(Summaries, OfTheNearestWithinARadius) {
  const std::vector<Summary> all =
      summarise(within(nearest({0.1, 0.2, 0.3}), Norm::linf, {0.05, 0.2}));
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].robust.count, 4);
  EXPECT_EQ(all[1].success.count, 2);
  EXPECT_EQ(all[1].robust.count, 2);
  EXPECT_EQ(all[1].rounded.count, 2);
  EXPECT_EQ(summarise(within(nearest({0.1}), Norm::l2, {0.9})).front().success.count, 0);
}

TEST(Summaries, AreTheSameInAnyOrder) {
  std::vector<Record> records = two_epsilons();
  const auto before = to_json(summarise(records)[1]);
  std::ranges::reverse(records);
  EXPECT_EQ(to_json(summarise(records)[1]), before);
  EXPECT_EQ(to_json(summary_of(before)), before);
}

TEST(Summaries, OfTargetsAreRobustOnlyWhereTheyAreRight) {
  Record record = right(0.1, false);
  record.attacked->target = 7;
  record.attacked->adversarial = 5;  // neither its class nor the target
  const Summary s = summarise({record}).front();
  EXPECT_EQ(s.success.count, 0);
  EXPECT_EQ(s.robust.count, 0);
}

TEST(Summaries, RoundingThatHealsIsCounted) {
  Record record = right(0.1, true);
  record.attacked->rounded = 3;
  const Summary s = summarise({record}).front();
  EXPECT_EQ(s.robust.count, 0);
  EXPECT_EQ(s.rounded.count, 1);
  EXPECT_EQ(s.rounded_success.count, 0);
}

TEST(Summaries, OfNothingSayNothing) {
  const Summary none_attacked = summarise({{3, 4, 0.5, 0.1, {}}}).front();
  const nlohmann::json json = nlohmann::json::parse(to_json(none_attacked).dump());
  for (const char* field : {"attack_success_rate", "attack_success_rate_interval"}) {
    EXPECT_TRUE(json[field].is_null()) << field;
  }
  for (const char* field : {"linf", "l2", "iterations", "queries"}) {
    EXPECT_TRUE(json[field]["median"].is_null()) << field;
    EXPECT_TRUE(json[field]["quantiles"]["0.9"].is_null()) << field;
  }
  EXPECT_EQ(json["robust_accuracy"], 0.0);  // of one image
  EXPECT_EQ(to_json(summary_of(json)), json);
  EXPECT_THAT(table({none_attacked}, Norm::linf, false), HasSubstr("| - | 0.0 [0.0, 79.3]"));
  EXPECT_THAT(table({none_attacked}, Norm::linf, false), HasSubstr("| - | - | - | - |\n"));

  const Summary none_fooled = summarise({right(0.1, false)}).front();
  EXPECT_THAT(table({none_fooled}, Norm::linf, false), HasSubstr("| - | - | 20.0 | 21.0 |\n"));
  Record unstarted = right(0.1, false);
  unstarted.attacked->no_start = true;
  const Summary one_began = summarise({right(0.1, true), unstarted}).front();
  EXPECT_EQ(one_began.success.of, 2);
  EXPECT_EQ(one_began.queries.mean, 5);

  Record nearest = right(0.1, false);
  nearest.epsilon.reset();
  EXPECT_THAT(table(summarise({nearest}), Norm::l2, false),
              HasSubstr("| - | - | - | - | 20.0 | 21.0 |\n"));
}

TEST(Summaries, OfASuiteHaveWhatStandsAfterEachPart) {
  std::vector<Record> records{right(0.1, true), right(0.1, true), right(0.1, true),
                              right(0.1, false)};
  records[0].attacked->by = records[1].attacked->by = "apgd-ce";
  records[2].attacked->by = "square";
  const Summary s = summarise(records, parts_of("autoattack")).front();
  const nlohmann::json json = to_json(s);
  ASSERT_THAT(json["after"], SizeIs(4));
  EXPECT_EQ(json["after"][0]["part"], "apgd-ce");
  for (int k = 0; k < 3; ++k) EXPECT_EQ(json["after"][k]["robust_accuracy"], 0.5) << k;
  EXPECT_EQ(json["after"][3]["robust_accuracy"], 0.25);
  EXPECT_EQ(to_json(summary_of(json)), json);
  EXPECT_THAT(
      table({s}, Norm::linf, false),
      HasSubstr("robust % at 0.1 after apgd-ce 50.0, apgd-t 50.0, fab-t 50.0, square 25.0"));
  EXPECT_THAT(table({s}, Norm::linf, true), HasSubstr("\nrobust % (naive) at 0.1 after apgd-ce"));
  EXPECT_FALSE(to_json(summarise(records, parts_of("pgd")).front()).contains("after"));
  records[2].attacked->by = "";  // no part fooled it, a later look did
  EXPECT_EQ(to_json(summarise(records, parts_of("autoattack")).front())["after"], json["after"]);
}

TEST(Summaries, HaveWilsonsInterval) {
  nlohmann::json json;
  put(json, "rate", {5, 10});
  EXPECT_EQ(json["rate"], 0.5);
  EXPECT_NEAR(json["rate_interval"][0].get<double>(), 0.2366, 1e-4);
  EXPECT_NEAR(json["rate_interval"][1].get<double>(), 0.7634, 1e-4);
}

TEST(Curves, BeginAtTheCleanAccuracy) {
  const auto points = curve(two_epsilons(), Norm::linf, {});
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_EQ(points[0].epsilon, 0);
  EXPECT_EQ(points[0].robust.value(), 0.75);
  EXPECT_EQ(points[2].robust.value(), 0.125);
  EXPECT_EQ(to_json(curve_of(to_json(points))), to_json(points));
}

TEST(Curves, OfTheNearestComeFromDistances) {
  const std::vector<Record> records = nearest({0.1, 0.2, 0.3});
  const auto points = curve(records, Norm::linf, {0.05, 0.2, 0.9});
  ASSERT_THAT(points, SizeIs(4));
  EXPECT_EQ(points[1].robust.count, 4);
  EXPECT_EQ(points[2].robust.count, 2);
  EXPECT_EQ(points[3].robust.count, 1);
  EXPECT_EQ(curve(records, Norm::l2, {2.5})[1].robust.count, 2);
}

TEST(Tables, NameEpsilonsAsTheyWereMeant) {
  EXPECT_EQ(epsilon_text(8 / 255.0), "8/255");
  EXPECT_EQ(epsilon_text(0.1), "0.1");
  EXPECT_EQ(epsilon_text(0.25 / 255), "0.25/255");
  EXPECT_EQ(epsilon_text(0.1234567), "0.123457");
  EXPECT_EQ(percent({173, 1000}), "17.3 [15.1, 19.8]");
  EXPECT_THAT(table(summarise(two_epsilons()), Norm::linf, false), HasSubstr("| 2/255 | 75.0 ["));
}

TEST(Tables, MarkANaiveAttack) {
  const auto naive = [](bool is) { return table(summarise(two_epsilons()), Norm::linf, is); };
  EXPECT_THAT(naive(true), HasSubstr("robust % (naive)"));
  EXPECT_THAT(naive(false), Not(HasSubstr("naive")));
  nlohmann::json setup = setup_of_journal({{"--model", "net"},
                                           {"--method", "pgd"},
                                           {"--naive", true},
                                           {"--defence", "jpeg:75"},
                                           {"--steps", 7},
                                           {"--stay", false},
                                           {"--seed", 3}});
  EXPECT_EQ(heading(setup),
            "net, defence jpeg:75: pgd (naive: of the bare network), linf, steps 7");
  EXPECT_EQ(setup["options"], (nlohmann::json{{"steps", 7}, {"stay", false}}));
}

}  // namespace
}  // namespace apps
