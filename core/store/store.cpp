#include "store/store.h"

namespace llmcache {

Store::~Store() = default;

} // namespace llmcache
