#pragma once

namespace phosphene::cuda {

/// An H100 SXM5 80 GB as cuDNN describes devices, put together from NVIDIA's public specifications
/// (data sheet, and the compute capability 9.0 column of the CUDA programming guide); it was not
/// dumped from a GPU.
inline constexpr const char* kH100Properties = R"({
  "deviceName": "NVIDIA H100 80GB HBM3", "deviceVer": 900, "driverVer": 13000, "cudaDeviceId": 0,
  "multiProcessorCount": 132, "warpSize": 32, "maxThreadsPerSM": 2048, "maxThreadsPerBlock": 1024,
  "maxCtasPerSM": 32, "maxBlockSize": [1024, 1024, 64], "maxGridSize": [2147483647, 65535, 65535],
  "regsPerBlock": 65536, "maxRegistersPerSM": 65536, "maxSharedMemoryPerBlock": 49152,
  "maxSharedMemoryPerBlockOptin": 232448, "reservedSharedMemoryPerBlock": 1024,
  "totalGlobalMem": 85899345920, "l2CacheSize": 52428800, "smClockRateKHz": 1980000,
  "memClockRateKHz": 2619000, "pciDeviceId": 0, "isTccDriver": 0, "supportCoopLaunch": 1
})";

}  // namespace phosphene::cuda
