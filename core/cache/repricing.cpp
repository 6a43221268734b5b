#include "cache/repricing.h"

#include "base/error.h"
#include "cache/session.h"

namespace llmcache {

LedgerUpkeep& upkeepOf(Session& session)
{
    if (session.isReadOnly())
        throw ConfigurationError(
            QStringLiteral("The connection to %1 is read-only.").arg(session.store().info().name),
            QStringLiteral("Use one that may write."));
    auto* const upkeep = dynamic_cast<LedgerUpkeep*>(&session.store());
    if (!upkeep)
        throw UsageError(QStringLiteral("The ledger of %1 can't do that.").arg(session.store().info().name));
    return *upkeep;
}

QCoro::Task<Repricing> repriceCalls(
    Session* session, qint64 fromMs, qint64 toMs, bool applies, LedgerProgress progress, std::stop_token stop)
{
    LedgerUpkeep* const upkeep = &upkeepOf(*session);
    co_await session->runner().writeLedger();
    RepricingRequest request;
    request.fromMs = fromMs;
    request.toMs = toMs;
    request.prices = session->runner().prices();
    request.by = session->config().identity.user;
    request.nowMs = session->clock().nowMs();
    if (applies) {
        auto applying = upkeep->applyRepricing(std::move(request), std::move(progress), std::move(stop));
        co_return co_await applying;
    }
    auto previewing = upkeep->previewRepricing(std::move(request), std::move(progress), std::move(stop));
    co_return co_await previewing;
}

} // namespace llmcache
