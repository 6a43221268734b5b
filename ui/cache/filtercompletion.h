#pragma once

#include <QStringList>

#include <functional>

namespace llmcache::ui {

/// What may be typed next in a filter, and what it would take the place of.
struct FilterCompletion {
    qsizetype from = 0;
    qsizetype length = 0;
    QStringList candidates; ///< whole conditions, or fields with their operator; empty = nothing to offer
};

/// `valuesOf` gives the texts that entries have in a field ("agent"), or nothing. Pure.
FilterCompletion completeFilter(
    const QString& text, qsizetype cursor, const std::function<QStringList(const QString& field)>& valuesOf);

} // namespace llmcache::ui
