#pragma once

#include "base/json.h"

#include <QFile>
#include <QStringList>

#include <vector>

namespace llmcache::test {

/// Known prices: those of quotevectors.json, and those in a folder that LLMCACHE_FIXTURES names, where it
/// does, which another program made.
inline std::vector<Json> priceVectors()
{
    QStringList paths{QStringLiteral(LLMCACHE_QUOTE_VECTORS)};
    if (const QString folder = qEnvironmentVariable("LLMCACHE_FIXTURES"); !folder.isEmpty())
        paths += folder + QStringLiteral("/vectors.json");
    std::vector<Json> all;
    for (const QString& path : std::as_const(paths)) {
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly))
            qFatal("%s can't be read", qPrintable(path));
        all.push_back(parseJson(file.readAll(), path));
    }
    return all;
}

} // namespace llmcache::test
