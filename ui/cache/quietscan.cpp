#include "cache/quietscan.h"

#include "cache/entrytablemodel.h"

namespace llmcache::ui {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds shortestPause = 5s;
/// Of a pause to the scan before it.
constexpr int restShare = 20;

} // namespace

QuietScan::QuietScan(EntryTableModel* model, const EntryScan* shown, QObject* parent)
    : QObject(parent)
    , m_model(model)
    , m_shown(shown)
{
    m_due.setSingleShot(true);
    connect(&m_due, &QTimer::timeout, this, &QuietScan::start);
    connect(m_shown, &EntryScan::changed, this, &QuietScan::startWhenDue);
    connect(&m_scan, &EntryScan::pageArrived, this, &QuietScan::pageArrived);
    connect(&m_scan, &EntryScan::activeChanged, this, &QuietScan::activeChanged);
    connect(&m_scan, &EntryScan::changed, this, [this] {
        if (m_scan.isUnderWay())
            return;
        m_model->endScan(m_scan.state() == EntryScan::State::Complete);
        Store* const store = std::exchange(m_store, nullptr);
        if (std::exchange(m_again, false))
            want(store);
    });
}

void QuietScan::want(Store* store)
{
    m_again = m_scan.isUnderWay();
    m_store = store;
    if (!m_again)
        startWhenDue();
}

void QuietScan::cancel()
{
    m_due.stop();
    m_store = nullptr;
    m_again = false;
    if (m_scan.isUnderWay()) {
        m_scan.forget();
        m_model->endScan(false);
    }
}

void QuietScan::startWhenDue()
{
    // A list that the user stopped stays the part that it is.
    if (!m_store || m_scan.isUnderWay() || m_due.isActive() || m_shown->state() != EntryScan::State::Complete)
        return;
    const auto took = std::max(m_shown->took(), m_scan.took());
    m_due.start(std::max(shortestPause, took * restShare));
}

void QuietScan::start()
{
    if (!m_store || m_shown->state() != EntryScan::State::Complete)
        return;
    m_model->beginScan();
    m_scan.start(m_store);
}

} // namespace llmcache::ui
