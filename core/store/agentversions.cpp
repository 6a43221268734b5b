#include "store/agentversions.h"

#include "base/error.h"

namespace llmcache {

namespace {

// A control character that no name has; it sorts before all of them.
constexpr QChar mark(0x1F);

} // namespace

QString agentVersionName(const QString& name, qint64 revision)
{
    return mark + name + mark + QString::number(revision);
}

bool isAgentVersionName(const QString& name)
{
    return name.startsWith(mark);
}

QCoro::Task<std::vector<StoredAgent>> agentVersions(Store* store, QString name, qint64 newest)
{
    // All at once: a store writes commands of one turn together.
    std::vector<QCoro::Task<std::optional<StoredAgent>>> readings;
    for (qint64 revision = newest; revision > std::max<qint64>(0, newest - mostAgentVersions); --revision)
        readings.push_back(store->loadAgent(agentVersionName(name, revision)));
    std::vector<StoredAgent> versions;
    std::exception_ptr lost;
    // All of them are awaited, whatever happens to one: a store must outlive its tasks.
    for (auto& reading : readings) {
        try {
            std::optional<StoredAgent> version = co_await reading;
            if (version)
                versions.push_back(std::move(*version));
        } catch (const ConnectionError&) {
            lost = std::current_exception();
        } catch (const CacheError& error) {
            qWarning("%s", error.what());
        }
    }
    if (lost)
        std::rethrow_exception(lost);
    co_return versions;
}

} // namespace llmcache
