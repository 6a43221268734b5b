// Pickles: whatever the bytes, they are read or refused. What was read is shown in every form, written anew,
// and edited at some leaf.
#include "fuzzinput.h"
#include "interop/pickledump.h"
#include "interop/pickleedit.h"
#include "interop/pickleoutline.h"
#include "interop/picklereader.h"
#include "interop/picklesummary.h"
#include "interop/picklewriter.h"
#include "interop/pythondump.h"
#include "interop/pythonresult.h"

using namespace llmcache;

namespace {

constexpr qint64 mostText = 1024 * 1024;

void show(const PickleDocument& document)
{
    pickleToText(document, 1000);
    fuzz::require(
        pickleSummary(document.root(), 100).size() <= 100, "a summary is as short as it is meant to be");
    document.imports();
    const PythonResult result = readPythonResult(document);
    result.outputExcerpt(160);
    try {
        pythonDump(document.root(), mostText);
    } catch (const CacheError&) {
        // too large, or holds itself
    }
}

void collectLeaves(const PickleValue& value, std::vector<PickleValue>& leaves, int depth)
{
    if (isEditableLeaf(value)) {
        leaves.push_back(value);
        return;
    }
    if (depth == 8 || leaves.size() > 64)
        return;
    for (const PickleChild& child : pickleChildren(value))
        collectLeaves(child.value, leaves, depth + 1);
}

void edit(const PickleDocument& document, uchar which)
{
    std::vector<PickleValue> leaves;
    collectLeaves(document.root(), leaves, 0);
    if (leaves.empty())
        return;
    const PickleValue leaf = leaves[which % leaves.size()];
    try {
        const PickleDocument cleared = clearLeaf(document, leaf);
        fuzz::require(cleared.trailingBytes() == document.trailingBytes(), "what follows a pickle stays");
        editLeaf(document, leaf, leafText(leaf));
    } catch (const ConfigurationError&) {
        // an integer that is shown in hexadecimal digits, a Decimal that is none
    } catch (const CacheError&) {
        // what would be called has become None, or is too large to be copied
    }
}

void writeAnew(const PickleDocument& document)
{
    constexpr qsizetype compared = 2000;
    const PickleDocument again = readPickle(writePickle(document.root()));
    fuzz::require(pickleSummary(again.root(), compared) == pickleSummary(document.root(), compared),
        "what is written anew is the same");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    PickleLimits limits;
    limits.maxMemory = 64LL * 1024 * 1024;
    PickleDocument document;
    try {
        document = readPickle(fuzz::bytesOf(data, size), limits);
    } catch (const PickleError& error) {
        fuzz::require(error.offset() >= 0 && error.offset() <= static_cast<qint64>(size),
            "an error is within the input");
        return 0;
    }
    show(document);
    writeAnew(document);
    edit(document, size > 0 ? data[size - 1] ^ data[size / 2] : uchar(0));
    return 0;
}
