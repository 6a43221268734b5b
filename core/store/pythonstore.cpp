#include "store/pythonstore.h"

namespace llmcache {

PythonStore::~PythonStore() = default;

PythonStore* pythonStoreOf(Store* store)
{
    return dynamic_cast<PythonStore*>(store);
}

} // namespace llmcache
