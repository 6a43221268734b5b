#pragma once

#include "store/sqlite/sqlitestore.h"

#include <QTemporaryDir>

namespace llmcache::test {

/// Makes stores of one kind for the contract test; all that one factory makes share a place.
class StoreFactory {
public:
    virtual ~StoreFactory() = default;
    virtual std::unique_ptr<Store> make(QString workspace) = 0;
};

class SqliteFactory final : public StoreFactory {
public:
    std::unique_ptr<Store> make(QString workspace) override
    {
        return makeSqliteStore(m_directory.filePath(QStringLiteral("folder/store.db")), std::move(workspace));
    }

private:
    QTemporaryDir m_directory;
};

inline QStringList storeKinds()
{
    return {QStringLiteral("sqlite")};
}

/// Null, and why in `missing`, when this machine lacks what the kind needs.
inline std::unique_ptr<StoreFactory> makeStoreFactory(const QString& kind, QString& missing)
{
    if (kind == QLatin1String("sqlite"))
        return std::make_unique<SqliteFactory>();
    missing = QStringLiteral("no such kind of store");
    return nullptr;
}

} // namespace llmcache::test
