#pragma once

#include "store/call.h"

#include <QHash>
#include <QVariantMap>

namespace llmcache::ui {

/// Gives things their colours: the same model, task or user has the same one in every chart and list, for as
/// long as there are enough colours for what is seen at a time.
class SeriesColors {
public:
    /// Makes sure that `names`, most important first, have different colours as far as there are any; names
    /// that have one keep it.
    void assign(Dimension dimension, const QStringList& names);
    /// Index as Theme::chartColor takes it; -1, the grey of "other", for a name without a colour.
    int of(Dimension dimension, const QString& name) const;
    /// For settings: the colours of a dimension by name, and back. What is no colour is left out.
    QVariantMap saved(Dimension dimension) const;
    void restore(Dimension dimension, const QVariantMap& colors);

private:
    QHash<Dimension, QHash<QString, int>> m_colors;
};

} // namespace llmcache::ui
