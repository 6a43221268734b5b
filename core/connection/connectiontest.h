#pragma once

#include "connection/connectionprofile.h"

#include <qcorotask.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace llmcache {

/// One step of a connection's test, in words for people.
struct TestStep {
    enum class Kind {
        Address,
        Sentinel,
        Name,
        Reach,
        Encryption,
        Login,
        Permissions,
        Server,
        Latency,
        Eviction,
        Persistence,
        File,
    };
    enum class State {
        Waiting,
        Running,
        Passed,
        Advice, ///< works, and `remedy` says what could be better
        Failed,
        Skipped, ///< a step before it failed, or it does not apply
    };
    Kind kind = Kind::Address;
    State state = State::Waiting;
    QString detail{}; ///< what was found, or what went wrong; no secret
    QString remedy{};
    std::optional<std::chrono::microseconds> took{};

    /// "Name", "TLS", …
    QString title() const;
    /// For `--json` and tests: "name", "tls", …
    QString id() const;
};
QString testStateName(TestStep::State state);

/// What is tested, with its secrets.
struct TestTarget {
    QString storeUrl{}; ///< as a session takes it; empty = the embedded file
    QString workspace = QStringLiteral("default");
    QString dataFolder{};
    bool readOnly = false; ///< ask for the rights of a reader alone, and write nothing
    bool writeForPython = false; ///< ask for those of the keys of pyai-caching, too
};

/// Called with all steps whenever one of them changed, on the thread of the test.
using TestProgress = std::function<void(const std::vector<TestStep>&)>;

/// Connects to a store step by step: name, TCP, TLS with the certificate, login, each permission, version,
/// latency, eviction, persistence. Where rights are tried out, keys of the workspace named `test:` are
/// written and deleted again. A step that fails is in the result, and skips those that need it; what throws
/// is Cancelled, soon after `stop` was requested. Needs an event loop; takes some seconds at most for each
/// step.
QCoro::Task<std::vector<TestStep>> testConnection(
    TestTarget target, TestProgress progress = {}, std::stop_token stop = {});

} // namespace llmcache
