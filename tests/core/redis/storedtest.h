#pragma once

#include "store/store.h"

#include <QString>

namespace llmcache::test {

/// What tests of a store call an entry.
inline QString fingerprintNumber(int number)
{
    return QStringLiteral("%1").arg(number, 64, 16, QLatin1Char('0'));
}

inline Commit commitOf(const QString& fingerprint, const QString& answer)
{
    Commit commit;
    commit.entry.meta.fingerprint = fingerprint;
    commit.entry.meta.model = u"test:echo"_qs;
    commit.entry.meta.task = u"make_profile"_qs;
    commit.entry.meta.createdMs = 1'795'392'000'000;
    commit.entry.request = Json{{"prompt", "hi"}};
    commit.entry.output = toUtf8(answer);
    commit.entry.messages = {Message::assistant(answer)};
    commit.entry.finishReason = u"stop"_qs;
    return commit;
}

} // namespace llmcache::test
