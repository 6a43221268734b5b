#include "interop/pickleopcodes_p.h"
#include "interop/pickletext_p.h"
#include "interop/pickletree_p.h"
#include "interop/picklewriter.h"

#include <QtEndian>

#include <algorithm>
#include <bit>
#include <limits>

namespace llmcache {

using namespace pickle;

namespace {

/// What Python puts into one frame, and into a frame of its own.
constexpr qsizetype frameTarget = 64 * 1024;
constexpr qsizetype frameHeader = 9;
constexpr qsizetype smallestFrame = 4;

/// Little-endian two's complement of decimal digits, as short as it can be.
QByteArray twosComplement(const QString& decimal)
{
    const bool isNegative = decimal.startsWith(QLatin1Char('-'));
    QByteArray bytes;
    for (const QChar digit : QStringView(decimal).sliced(isNegative ? 1 : 0)) {
        uint carry = static_cast<uint>(digit.unicode() - u'0');
        for (char& byte : bytes) {
            carry += static_cast<uchar>(byte) * 10U;
            byte = static_cast<char>(static_cast<uchar>(carry & 0xFFU));
            carry >>= 8U;
        }
        if (carry != 0)
            bytes += static_cast<char>(static_cast<uchar>(carry));
    }
    bytes += '\0';
    if (isNegative) {
        uint carry = 1;
        for (char& byte : bytes) {
            carry += static_cast<uchar>(~static_cast<uchar>(byte));
            byte = static_cast<char>(static_cast<uchar>(carry & 0xFFU));
            carry >>= 8U;
        }
    }
    const auto isSign = [&bytes](char sign) {
        const auto next = static_cast<uchar>(bytes[bytes.size() - 2]);
        return bytes.back() == sign && (next >= 0x80) == (sign != '\0');
    };
    while (bytes.size() > 1 && (isSign('\0') || isSign('\xff')))
        bytes.chop(1);
    return bytes;
}

bool isDecimal(const QString& text)
{
    const QStringView digits = QStringView(text).sliced(text.startsWith(QLatin1Char('-')) ? 1 : 0);
    constexpr qsizetype mostDigits = 4300;
    return !digits.isEmpty() && digits.size() <= mostDigits
        && std::all_of(digits.begin(), digits.end(),
            [](QChar c) { return c >= QLatin1Char('0') && c <= QLatin1Char('9'); });
}

} // namespace

PickleBuilder::PickleBuilder(int protocol, Form form)
    : m_protocol(protocol)
    , m_form(form)
{
    if (form == Form::Whole && protocol >= 2) {
        m_out += static_cast<char>(static_cast<uchar>(Proto));
        m_out += static_cast<char>(protocol);
    }
}

void PickleBuilder::putNumber(quint64 number, int size)
{
    for (int index = 0; index < size; ++index)
        m_out += static_cast<char>(static_cast<uchar>(number >> (8 * index)));
}

/// Before each opcode: a frame that is full ends, and there is one.
void PickleBuilder::begin()
{
    if (m_form == Form::Part || m_protocol < 4)
        return;
    if (m_frameAt >= 0 && m_out.size() - m_frameAt - frameHeader >= frameTarget)
        closeFrame();
    if (m_frameAt < 0) {
        m_frameAt = m_out.size();
        m_out += static_cast<char>(static_cast<uchar>(Frame));
        putNumber(0, 8);
    }
}

void PickleBuilder::closeFrame()
{
    if (m_frameAt < 0)
        return;
    const qsizetype size = m_out.size() - m_frameAt - frameHeader;
    if (size < smallestFrame)
        m_out.remove(m_frameAt, frameHeader);
    else
        qToLittleEndian<quint64>(static_cast<quint64>(size), m_out.data() + m_frameAt + 1);
    m_frameAt = -1;
}

void PickleBuilder::put(quint8 opcode)
{
    begin();
    m_out += static_cast<char>(opcode);
}

void PickleBuilder::none()
{
    put(None);
}

void PickleBuilder::boolean(bool value)
{
    if (m_protocol >= 2) {
        put(value ? NewTrue : NewFalse);
        return;
    }
    put(Int);
    m_out += value ? "01\n" : "00\n";
}

void PickleBuilder::integer(qint64 value)
{
    if (value >= 0 && value <= 0xFF) {
        put(BinInt1);
        putNumber(static_cast<quint64>(value), 1);
    } else if (value >= 0 && value <= 0xFFFF) {
        put(BinInt2);
        putNumber(static_cast<quint64>(value), 2);
    } else if (value >= std::numeric_limits<qint32>::min() && value <= std::numeric_limits<qint32>::max()) {
        put(BinInt);
        putNumber(static_cast<quint64>(value), 4);
    } else {
        integer(QString::number(value));
    }
}

void PickleBuilder::integer(const QString& decimal)
{
    if (!isDecimal(decimal))
        throw ConfigurationError(QStringLiteral("\"%1\" is no whole number.").arg(decimal.left(100)),
            QStringLiteral("Write decimal digits, 4,300 at most."));
    bool fits = false;
    const int small = decimal.toInt(&fits);
    if (fits) {
        integer(qint64(small));
        return;
    }
    if (m_protocol < 2) {
        put(Long);
        m_out += decimal.toLatin1() + "L\n";
        return;
    }
    putTwosComplement(twosComplement(decimal));
}

void PickleBuilder::integer(const PickleValue& value)
{
    if (const std::optional<qint64> small = value.toInt64()) {
        integer(*small);
        return;
    }
    const PickleNode& node = value.tree()->nodes[value.id()];
    const QByteArrayView span = value.tree()->view(node.span, false);
    if ((node.flags & PickleNode::TwosComplement) != 0 && m_protocol >= 2) {
        putTwosComplement(span.toByteArray());
    } else if ((node.flags & PickleNode::DecimalText) != 0) {
        // As it stands: to compute its bits may take long.
        put(Long);
        m_out += span;
        m_out += "L\n";
    } else {
        integer(value.integerText());
    }
}

void PickleBuilder::putTwosComplement(const QByteArray& bytes)
{
    put(bytes.size() < 256 ? Long1 : Long4);
    putNumber(static_cast<quint64>(bytes.size()), bytes.size() < 256 ? 1 : 4);
    m_out += bytes;
}

void PickleBuilder::real(double value)
{
    put(BinFloat);
    char bits[8];
    qToBigEndian(std::bit_cast<quint64>(value), bits);
    m_out.append(bits, sizeof bits);
}

/// Of protocols 4 and 5: what is large stands outside of frames, as Python has it.
void PickleBuilder::putSized(quint8 tiny, quint8 usual, quint8 huge, QByteArrayView value)
{
    if (value.size() >= frameTarget)
        closeFrame();
    else
        begin();
    const auto size = static_cast<quint64>(value.size());
    const bool isTiny = size < 256 && tiny != 0;
    const bool isHuge = usual == 0 || size > 0xFFFFFFFFULL;
    m_out += static_cast<char>(isTiny ? tiny : isHuge ? huge : usual);
    putNumber(size, isTiny ? 1 : isHuge ? 8 : 4);
    m_out += value;
}

void PickleBuilder::text(QStringView value)
{
    utf8(toPythonUtf8(value));
}

void PickleBuilder::utf8(QByteArrayView value)
{
    putSized(m_protocol >= 4 ? ShortBinUnicode : 0, BinUnicode, BinUnicode8, value);
}

void PickleBuilder::bytes(QByteArrayView value)
{
    if (m_protocol >= 3) {
        putSized(ShortBinBytes, BinBytes, BinBytes8, value);
        return;
    }
    global("_codecs", "encode");
    text(QString::fromLatin1(value));
    utf8("latin1");
    tuple(2);
    reduce();
}

void PickleBuilder::byteArray(QByteArrayView value)
{
    if (m_protocol >= 5) {
        putSized(0, 0, ByteArray8, value);
        return;
    }
    global("builtins", "bytearray");
    bytes(value);
    tuple(1);
    reduce();
}

void PickleBuilder::mark()
{
    put(Mark);
}

void PickleBuilder::tupleFromMark()
{
    put(Tuple);
}

void PickleBuilder::tuple(int size)
{
    static constexpr quint8 opcodes[] = {EmptyTuple, Tuple1, Tuple2, Tuple3};
    put(opcodes[size]);
}

void PickleBuilder::emptyList()
{
    put(EmptyList);
}

void PickleBuilder::emptyDict()
{
    put(EmptyDict);
}

void PickleBuilder::emptySet()
{
    put(EmptySet);
}

void PickleBuilder::appendFromMark()
{
    put(Appends);
}

void PickleBuilder::setFromMark()
{
    put(SetItems);
}

void PickleBuilder::addFromMark()
{
    put(AddItems);
}

void PickleBuilder::frozenSetFromMark()
{
    put(Opcode::FrozenSet);
}

void PickleBuilder::global(QByteArrayView module, QByteArrayView qualifiedName)
{
    const QByteArray name = module.toByteArray() + '\n' + qualifiedName.toByteArray();
    if (const auto known = m_known.constFind(name); known != m_known.cend()) {
        recall(*known);
        return;
    }
    if (m_protocol >= 4) {
        utf8(module);
        utf8(qualifiedName);
        put(StackGlobal);
    } else {
        put(Global);
        m_out += name + '\n';
    }
    if (m_form == Form::Whole)
        m_known.insert(name, remember());
}

void PickleBuilder::reduce()
{
    put(Reduce);
}

void PickleBuilder::newObject()
{
    put(NewObj);
}

void PickleBuilder::newObjectWithKeywords()
{
    put(NewObjEx);
}

void PickleBuilder::build()
{
    put(Build);
}

void PickleBuilder::persistent()
{
    put(BinPersId);
}

void PickleBuilder::extension(qint64 code)
{
    const bool isOne = code <= 0xFF;
    const bool isTwo = code <= 0xFFFF;
    put(isOne ? Ext1 : isTwo ? Ext2 : Ext4);
    putNumber(static_cast<quint64>(code), isOne ? 1 : isTwo ? 2 : 4);
}

void PickleBuilder::pop()
{
    put(Pop);
}

void PickleBuilder::popMark()
{
    put(PopMark);
}

quint32 PickleBuilder::remember()
{
    if (m_protocol >= 4) {
        put(Memoize);
    } else {
        const bool isNear = m_memoCount <= 0xFF;
        put(isNear ? BinPut : LongBinPut);
        putNumber(m_memoCount, isNear ? 1 : 4);
    }
    return m_memoCount++;
}

void PickleBuilder::recall(quint32 place)
{
    const bool isNear = place <= 0xFF;
    put(isNear ? BinGet : LongBinGet);
    putNumber(place, isNear ? 1 : 4);
}

QByteArray PickleBuilder::finish()
{
    if (m_form == Form::Whole)
        put(Stop);
    closeFrame();
    m_known.clear();
    m_memoCount = 0;
    return std::exchange(m_out, {});
}

} // namespace llmcache
