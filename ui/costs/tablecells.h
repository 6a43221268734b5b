#pragma once

#include <QVariant>

namespace llmcache::ui {

/// Numbers stand right, everything else left: Qt::TextAlignmentRole of a cell.
inline QVariant cellAlignment(bool isNumber)
{
    return QVariant(Qt::AlignVCenter | (isNumber ? Qt::AlignRight : Qt::AlignLeft));
}

/// headerData() of a column, aligned as its cells are; rows have no header.
inline QVariant headerCell(Qt::Orientation orientation, int role, const QString& name, bool isNumber)
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return cellAlignment(isNumber);
    return role == Qt::DisplayRole ? QVariant(name) : QVariant();
}

} // namespace llmcache::ui
