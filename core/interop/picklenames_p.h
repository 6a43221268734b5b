#pragma once

#include <QByteArrayView>

namespace llmcache {

struct PickleName {
    QByteArrayView module;
    QByteArrayView name;
};

/// Protocols 0 to 2 have the names of Python 2, which Python 3 translates when it loads them.
PickleName modernName(PickleName old);

} // namespace llmcache
