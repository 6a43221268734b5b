// Runs one fuzz target over files, with any compiler: so the targets and what they ask of the parsers can't
// rot. Every file of the folder is an input, and so are some of its beginnings.
#include "fuzzinput.h"

#include <QDir>
#include <QFile>

#include <algorithm>
#include <memory>

namespace {

void run(const QByteArray& bytes, qsizetype size)
{
    // Of exactly this size, so that the address sanitizer sees a read past the end.
    const auto length = static_cast<std::size_t>(size);
    const auto copy = std::make_unique<std::uint8_t[]>(length);
    std::copy_n(bytes.cbegin(), size, copy.get());
    LLVMFuzzerTestOneInput(copy.get(), length);
}

} // namespace

int main(int argc, char** argv)
{
    constexpr qsizetype beginnings = 32;
    const QDir folder(argc > 1 ? QString::fromLocal8Bit(argv[1]) : QString());
    const QStringList names = folder.entryList(QDir::Files, QDir::Name);
    if (argc != 2 || names.isEmpty()) {
        std::fprintf(stderr, "Usage: %s FOLDER; it must hold files.\n", argv[0]);
        return 2;
    }
    for (const QString& name : names) {
        QFile file(folder.filePath(name));
        if (!file.open(QFile::ReadOnly)) {
            std::fprintf(stderr, "%s can't be read.\n", qPrintable(file.fileName()));
            return 2;
        }
        std::printf("%s\n", qPrintable(name));
        std::fflush(stdout);
        const QByteArray bytes = file.readAll();
        for (qsizetype step = 1; step <= beginnings; ++step)
            run(bytes, bytes.size() * step / beginnings);
    }
    return 0;
}
