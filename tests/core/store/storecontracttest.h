#pragma once

#include "await.h"
#include "storefactory.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>

namespace llmcache::test {

/// Runs each function of a contract test once a kind of store, with a workspace of its own.
class StoreContractTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data()
    {
        QTest::addColumn<QString>("kind");
        const QStringList kinds = storeKinds();
        for (const QString& kind : kinds)
            QTest::newRow(qPrintable(kind)) << kind;
    }
    void init()
    {
        QFETCH_GLOBAL(QString, kind);
        m_factory = m_factories.of(kind);
        if (!m_factory)
            QSKIP(qPrintable(m_factories.missingText()));
        m_workspace = newId();
        m_store = another();
    }
    void cleanup() { m_store.reset(); }

protected:
    std::unique_ptr<Store> another() { return m_factory->make(m_workspace); }

    StoreFactories m_factories;
    StoreFactory* m_factory = nullptr;
    QString m_workspace;
    std::unique_ptr<Store> m_store;
};

} // namespace llmcache::test
