// Devices as cuDNN describes them, put together from NVIDIA's public specifications: data sheets
// and architecture white papers for sizes and clocks, the compute capability tables of the CUDA
// programming guide for limits. None of them was dumped from a GPU.
#pragma once
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace phosphene::cuda {

struct DeviceSpecification {
  const char* test_name;
  const char* name;
  int version;  ///< 100 times the major and 10 times the minor compute capability
  int multiprocessors, threads_per_sm, blocks_per_sm;
  int most_shared;       ///< bytes a block may opt in to
  long long memory, l2;  ///< bytes
  int sm_khz, memory_khz;
};

inline const DeviceSpecification kH200 = {"h200", "NVIDIA H200",  900,      132,     2048,   32,
                                          232448, 150121545728LL, 62914560, 1980000, 3201000};
inline const std::vector<DeviceSpecification> kDevices = {
    kH200,
    {"a100", "NVIDIA A100-SXM4-80GB", 800, 108, 2048, 32, 166912, 85899345920LL, 41943040, 1410000,
     1593000},
    {"l4", "NVIDIA L4", 890, 58, 1536, 24, 101376, 25769803776LL, 50331648, 2040000, 6251000},
    {"rtx4090", "NVIDIA GeForce RTX 4090", 890, 128, 1536, 24, 101376, 25769803776LL, 75497472,
     2520000, 10501000}};

/// For the names of parametrised tests.
inline void PrintTo(const DeviceSpecification& device, std::ostream* out) { *out << device.name; }

/// As CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION takes it. What all of these devices share stands
/// in the text.
inline std::string properties_json(const DeviceSpecification& d) {
  std::ostringstream json;
  json << R"({"deviceName": ")" << d.name << R"(", "deviceVer": )" << d.version
       << R"(, "driverVer": 13000, "cudaDeviceId": 0, "pciDeviceId": 0, "isTccDriver": 0,
  "supportCoopLaunch": 1, "warpSize": 32, "maxThreadsPerBlock": 1024,
  "maxBlockSize": [1024, 1024, 64], "maxGridSize": [2147483647, 65535, 65535],
  "regsPerBlock": 65536, "maxRegistersPerSM": 65536, "maxSharedMemoryPerBlock": 49152,
  "reservedSharedMemoryPerBlock": 1024, "multiProcessorCount": )"
       << d.multiprocessors << R"(, "maxThreadsPerSM": )" << d.threads_per_sm
       << R"(, "maxCtasPerSM": )" << d.blocks_per_sm << R"(, "maxSharedMemoryPerBlockOptin": )"
       << d.most_shared << R"(, "totalGlobalMem": )" << d.memory << R"(, "l2CacheSize": )" << d.l2
       << R"(, "smClockRateKHz": )" << d.sm_khz << R"(, "memClockRateKHz": )" << d.memory_khz
       << "}";
  return json.str();
}

}  // namespace phosphene::cuda
