#include "interop/picklevalue.h"

#include "interop/picklenames_p.h"
#include "interop/pickleopcodes_p.h"
#include "interop/pickletext_p.h"
#include "interop/pickletree_p.h"

#include <QStringList>

#include <algorithm>

namespace llmcache {

namespace {

constexpr PickleItems noItems{};

const PickleItems& itemsAt(const PickleTree& tree, quint32 index)
{
    return index == PickleObject::none ? noItems : tree.items[index];
}

bool hasItems(PickleKind kind)
{
    switch (kind) {
    case PickleKind::Tuple:
    case PickleKind::List:
    case PickleKind::Dict:
    case PickleKind::Set:
    case PickleKind::FrozenSet:
    case PickleKind::Persistent:
        return true;
    default:
        return false;
    }
}

/// Little-endian words of the absolute value.
std::vector<quint32> magnitude(QByteArrayView twosComplement, bool& isNegative)
{
    isNegative = !twosComplement.isEmpty() && (static_cast<uchar>(twosComplement.back()) & 0x80U) != 0;
    std::vector<quint32> words(static_cast<std::size_t>((twosComplement.size() + 3) / 4), 0);
    for (qsizetype at = 0; at < twosComplement.size(); ++at) {
        const auto byte = static_cast<uchar>(twosComplement[at]);
        const quint32 digit = isNegative ? static_cast<uchar>(~byte) : byte;
        words[static_cast<std::size_t>(at / 4)] |= digit << (8 * (at % 4));
    }
    if (isNegative) {
        // The complement plus one; the word after the last can't be needed, as the sign bit was set.
        for (quint32& word : words) {
            if (++word != 0)
                break;
        }
    }
    while (!words.empty() && words.back() == 0)
        words.pop_back();
    return words;
}

QString decimal(std::vector<quint32> words, bool isNegative)
{
    constexpr quint64 billion = 1000000000;
    QString text;
    while (!words.empty()) {
        quint64 rest = 0;
        for (auto word = words.rbegin(); word != words.rend(); ++word) {
            rest = (rest << 32U) | *word;
            *word = static_cast<quint32>(rest / billion);
            rest %= billion;
        }
        while (!words.empty() && words.back() == 0)
            words.pop_back();
        for (int digit = 0; digit < 9 && (rest > 0 || !words.empty()); ++digit) {
            text += QChar(static_cast<char16_t>(u'0' + rest % 10));
            rest /= 10;
        }
    }
    if (text.isEmpty())
        return QStringLiteral("0");
    if (isNegative)
        text += QLatin1Char('-');
    std::reverse(text.begin(), text.end());
    return text;
}

QString hexadecimal(const std::vector<quint32>& words, bool isNegative)
{
    QString text = isNegative ? QStringLiteral("-0x") : QStringLiteral("0x");
    text += QString::number(words.back(), 16);
    for (auto word = words.rbegin() + 1; word != words.rend(); ++word)
        text += QStringLiteral("%1").arg(*word, 8, 16, QLatin1Char('0'));
    return text;
}

PickleName nameOf(const PickleTree& tree, const PickleGlobal& global)
{
    const PickleName name{
        tree.view(global.module, global.moduleDecoded), tree.view(global.name, global.nameDecoded)};
    return tree.protocol < 3 ? modernName(name) : name;
}

PickleName nameOf(const PickleTree& tree, quint32 node)
{
    return nameOf(tree, tree.globals[tree.nodes[node].index]);
}

QString globalPath(PickleName name)
{
    return fromPythonUtf8(name.module, true) + QLatin1Char('.') + fromPythonUtf8(name.name, true);
}

} // namespace

QString pickleKindName(PickleKind kind)
{
    switch (kind) {
    case PickleKind::None:
        return QStringLiteral("None");
    case PickleKind::Bool:
        return QStringLiteral("bool");
    case PickleKind::Int:
        return QStringLiteral("int");
    case PickleKind::Float:
        return QStringLiteral("float");
    case PickleKind::Str:
        return QStringLiteral("str");
    case PickleKind::Bytes:
        return QStringLiteral("bytes");
    case PickleKind::ByteArray:
        return QStringLiteral("bytearray");
    case PickleKind::Tuple:
        return QStringLiteral("tuple");
    case PickleKind::List:
        return QStringLiteral("list");
    case PickleKind::Dict:
        return QStringLiteral("dict");
    case PickleKind::Set:
        return QStringLiteral("set");
    case PickleKind::FrozenSet:
        return QStringLiteral("frozenset");
    case PickleKind::Global:
        return QStringLiteral("global");
    case PickleKind::Object:
        return QStringLiteral("object");
    case PickleKind::Persistent:
        return QStringLiteral("persistent");
    case PickleKind::Extension:
        return QStringLiteral("extension");
    }
    return {};
}

quint32 PickleTree::childCount(quint32 node) const
{
    const PickleNode& parent = nodes[node];
    if (hasItems(parent.kind))
        return items[parent.index].count;
    if (parent.kind != PickleKind::Object)
        return 0;
    const PickleObject& object = objects[parent.index];
    return (object.keywords.node == PickleObject::none ? 2 : 3) + itemsAt(*this, object.items).count
        + itemsAt(*this, object.entries).count + itemsAt(*this, object.added).count
        + itemsAt(*this, object.states).count;
}

PickleEdge PickleTree::child(quint32 node, quint32 index) const
{
    const PickleNode& parent = nodes[node];
    if (hasItems(parent.kind))
        return edges[items[parent.index].first + index];
    const PickleObject& object = objects[parent.index];
    if (index == 0)
        return object.callable;
    if (index == 1)
        return object.arguments;
    quint32 rest = index - 2;
    if (object.keywords.node != PickleObject::none) {
        if (rest == 0)
            return object.keywords;
        --rest;
    }
    for (const quint32 part : {object.items, object.entries, object.added}) {
        const PickleItems& range = itemsAt(*this, part);
        if (rest < range.count)
            return edges[range.first + rest];
        rest -= range.count;
    }
    return edges[itemsAt(*this, object.states).first + rest];
}

PickleDocument::PickleDocument(std::shared_ptr<const PickleTree> tree)
    : m_tree(std::move(tree))
{
}

PickleValue PickleDocument::root() const
{
    return {m_tree.get(), m_tree->root.node, m_tree->root.begin};
}

const QByteArray& PickleDocument::source() const
{
    return m_tree->source;
}

int PickleDocument::protocol() const
{
    return m_tree->protocol;
}

qsizetype PickleDocument::trailingBytes() const
{
    return m_tree->source.size() - static_cast<qsizetype>(m_tree->end);
}

std::vector<PickleValue> PickleDocument::discarded() const
{
    std::vector<PickleValue> values;
    values.reserve(m_tree->discarded.size());
    for (const quint32 node : m_tree->discarded)
        values.emplace_back(m_tree.get(), node, m_tree->nodes[node].begin);
    return values;
}

QStringList PickleDocument::imports() const
{
    QStringList names;
    for (const PickleGlobal& global : m_tree->globals)
        names << globalPath(nameOf(*m_tree, global));
    names.sort();
    names.removeDuplicates();
    return names;
}

PickleKind PickleValue::kind() const
{
    return m_tree->nodes[m_node].kind;
}

bool PickleValue::toBool() const
{
    return m_tree->nodes[m_node].integer != 0;
}

std::optional<qint64> PickleValue::toInt64() const
{
    const PickleNode& node = m_tree->nodes[m_node];
    if (node.kind != PickleKind::Int || (node.flags & (PickleNode::DecimalText | PickleNode::TwosComplement)))
        return std::nullopt;
    return node.integer;
}

QString PickleValue::integerText() const
{
    const PickleNode& node = m_tree->nodes[m_node];
    if (node.flags & PickleNode::DecimalText) {
        const QByteArrayView text = m_tree->view(node.span, false);
        const bool isNegative = text.startsWith('-');
        qsizetype from = isNegative ? 1 : 0;
        while (from + 1 < text.size() && text[from] == '0')
            ++from;
        return (isNegative ? QStringLiteral("-") : QString()) + QString::fromLatin1(text.sliced(from));
    }
    if (!(node.flags & PickleNode::TwosComplement))
        return QString::number(node.integer);
    bool isNegative = false;
    const std::vector<quint32> words = magnitude(m_tree->view(node.span, false), isNegative);
    constexpr std::size_t mostWords = 447; // 4,300 digits
    return words.size() > mostWords ? hexadecimal(words, isNegative) : decimal(words, isNegative);
}

double PickleValue::toDouble() const
{
    return m_tree->nodes[m_node].real;
}

QString PickleValue::text() const
{
    return fromPythonUtf8(utf8(), hasSurrogates());
}

QByteArrayView PickleValue::utf8() const
{
    const PickleNode& node = m_tree->nodes[m_node];
    return m_tree->view(node.span, (node.flags & PickleNode::Decoded) != 0);
}

bool PickleValue::hasSurrogates() const
{
    return (m_tree->nodes[m_node].flags & PickleNode::Surrogates) != 0;
}

QByteArrayView PickleValue::bytes() const
{
    return utf8();
}

namespace {

PickleValue edgeValue(const PickleTree* tree, PickleEdge edge)
{
    return {tree, edge.node, edge.begin};
}

/// What is appended to an object, set in it, added to it, or given as its state.
const PickleItems& partOf(const PickleTree& tree, quint32 node, quint32 PickleObject::*part)
{
    return itemsAt(tree, tree.objects[tree.nodes[node].index].*part);
}

} // namespace

qsizetype PickleValue::size() const
{
    switch (kind()) {
    case PickleKind::Tuple:
    case PickleKind::List:
    case PickleKind::Set:
    case PickleKind::FrozenSet:
    case PickleKind::Persistent:
        return m_tree->items[m_tree->nodes[m_node].index].count;
    case PickleKind::Object:
        return partOf(*m_tree, m_node, &PickleObject::items).count;
    default:
        return 0;
    }
}

PickleValue PickleValue::item(qsizetype index) const
{
    const PickleItems& items = is(PickleKind::Object) ? partOf(*m_tree, m_node, &PickleObject::items)
                                                      : m_tree->items[m_tree->nodes[m_node].index];
    return edgeValue(m_tree, m_tree->edges[items.first + static_cast<std::size_t>(index)]);
}

qsizetype PickleValue::entryCount() const
{
    if (is(PickleKind::Dict))
        return m_tree->items[m_tree->nodes[m_node].index].count / 2;
    return is(PickleKind::Object) ? partOf(*m_tree, m_node, &PickleObject::entries).count / 2 : 0;
}

PickleValue PickleValue::key(qsizetype index) const
{
    const PickleItems& items = is(PickleKind::Object) ? partOf(*m_tree, m_node, &PickleObject::entries)
                                                      : m_tree->items[m_tree->nodes[m_node].index];
    return edgeValue(m_tree, m_tree->edges[items.first + 2 * static_cast<std::size_t>(index)]);
}

PickleValue PickleValue::value(qsizetype index) const
{
    const PickleItems& items = is(PickleKind::Object) ? partOf(*m_tree, m_node, &PickleObject::entries)
                                                      : m_tree->items[m_tree->nodes[m_node].index];
    return edgeValue(m_tree, m_tree->edges[items.first + 2 * static_cast<std::size_t>(index) + 1]);
}

PickleValue PickleValue::find(QByteArrayView key) const
{
    for (qsizetype index = entryCount(); index-- > 0;) {
        const PickleValue candidate = this->key(index);
        if (candidate.is(PickleKind::Str) && candidate.utf8() == key)
            return value(index);
    }
    return {};
}

QByteArrayView PickleValue::module() const
{
    return nameOf(*m_tree, m_node).module;
}

QByteArrayView PickleValue::qualifiedName() const
{
    return nameOf(*m_tree, m_node).name;
}

QString PickleValue::classPath() const
{
    if (is(PickleKind::Global))
        return globalPath(nameOf(*m_tree, m_node));
    if (!is(PickleKind::Object))
        return pickleKindName(kind());
    const PickleValue made = classOf();
    return made.is(PickleKind::Global) ? made.classPath() : QStringLiteral("object");
}

bool PickleValue::isOfClass(QByteArrayView module, QByteArrayView name) const
{
    if (!is(PickleKind::Object))
        return false;
    const PickleValue made = classOf();
    if (!made.is(PickleKind::Global))
        return false;
    const PickleName known = nameOf(*m_tree, made.m_node);
    return known.name == name && known.module == module;
}

PickleCall PickleValue::call() const
{
    return m_tree->objects[m_tree->nodes[m_node].index].call;
}

PickleValue PickleValue::callable() const
{
    return edgeValue(m_tree, m_tree->objects[m_tree->nodes[m_node].index].callable);
}

PickleValue PickleValue::arguments() const
{
    return edgeValue(m_tree, m_tree->objects[m_tree->nodes[m_node].index].arguments);
}

PickleValue PickleValue::keywords() const
{
    const PickleEdge edge = m_tree->objects[m_tree->nodes[m_node].index].keywords;
    return edge.node == PickleObject::none ? PickleValue() : edgeValue(m_tree, edge);
}

PickleValue PickleValue::classOf() const
{
    const PickleValue function = callable();
    const PickleValue given = arguments();
    if (!function.is(PickleKind::Global) || given.size() == 0)
        return function;
    const auto [module, name] = nameOf(*m_tree, function.m_node);
    if (module != "copyreg")
        return function;
    const bool makesFirst = name == "_reconstructor" || name == "__newobj__" || name == "__newobj_ex__";
    return makesFirst && given.item(0).is(PickleKind::Global) ? given.item(0) : function;
}

PickleValue PickleValue::state() const
{
    const qsizetype count = stateCount();
    return count == 0 ? PickleValue() : state(count - 1);
}

qsizetype PickleValue::stateCount() const
{
    return is(PickleKind::Object) ? partOf(*m_tree, m_node, &PickleObject::states).count : 0;
}

PickleValue PickleValue::state(qsizetype index) const
{
    const PickleItems& states = partOf(*m_tree, m_node, &PickleObject::states);
    return edgeValue(m_tree, m_tree->edges[states.first + static_cast<std::size_t>(index)]);
}

qsizetype PickleValue::addedCount() const
{
    return is(PickleKind::Object) ? partOf(*m_tree, m_node, &PickleObject::added).count : 0;
}

PickleValue PickleValue::added(qsizetype index) const
{
    const PickleItems& items = partOf(*m_tree, m_node, &PickleObject::added);
    return edgeValue(m_tree, m_tree->edges[items.first + static_cast<std::size_t>(index)]);
}

qint64 PickleValue::extensionCode() const
{
    return m_tree->nodes[m_node].integer;
}

bool PickleValue::isShared() const
{
    return (m_tree->nodes[m_node].flags & PickleNode::Fetched) != 0;
}

bool PickleValue::isReference() const
{
    const PickleNode& node = m_tree->nodes[m_node];
    if (!isAtom() && node.begin == m_begin)
        return false;
    switch (static_cast<quint8>(m_tree->source[m_begin])) {
    case pickle::Get:
    case pickle::BinGet:
    case pickle::LongBinGet:
    case pickle::Dup:
        return true;
    default:
        return false;
    }
}

} // namespace llmcache
