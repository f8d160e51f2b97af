# For the folders that compile engine/formats/bundled.cpp. The assembler reads the weights, so nobody
# else tells the build where they are and that it depends on them.
set(bundled_shapes ${PROJECT_SOURCE_DIR}/models/shapes.safetensors)
set_source_files_properties(${PROJECT_SOURCE_DIR}/engine/formats/bundled.cpp PROPERTIES
  OBJECT_DEPENDS ${bundled_shapes}
  COMPILE_DEFINITIONS PHOSPHENE_BUNDLED_SHAPES="${bundled_shapes}")
