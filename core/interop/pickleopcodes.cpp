#include "interop/pickleopcodes_p.h"

namespace llmcache::pickle {

// clang-format off
const char* opcodeName(quint8 opcode)
{
    switch (opcode) {
    case Mark: return "MARK";
    case Stop: return "STOP";
    case Pop: return "POP";
    case PopMark: return "POP_MARK";
    case Dup: return "DUP";
    case Float: return "FLOAT";
    case Int: return "INT";
    case BinInt: return "BININT";
    case BinInt1: return "BININT1";
    case Long: return "LONG";
    case BinInt2: return "BININT2";
    case None: return "NONE";
    case PersId: return "PERSID";
    case BinPersId: return "BINPERSID";
    case Reduce: return "REDUCE";
    case String: return "STRING";
    case BinString: return "BINSTRING";
    case ShortBinString: return "SHORT_BINSTRING";
    case Unicode: return "UNICODE";
    case BinUnicode: return "BINUNICODE";
    case Append: return "APPEND";
    case Build: return "BUILD";
    case Global: return "GLOBAL";
    case Dict: return "DICT";
    case EmptyDict: return "EMPTY_DICT";
    case Appends: return "APPENDS";
    case Get: return "GET";
    case BinGet: return "BINGET";
    case Inst: return "INST";
    case LongBinGet: return "LONG_BINGET";
    case List: return "LIST";
    case EmptyList: return "EMPTY_LIST";
    case Obj: return "OBJ";
    case Put: return "PUT";
    case BinPut: return "BINPUT";
    case LongBinPut: return "LONG_BINPUT";
    case SetItem: return "SETITEM";
    case Tuple: return "TUPLE";
    case EmptyTuple: return "EMPTY_TUPLE";
    case SetItems: return "SETITEMS";
    case BinFloat: return "BINFLOAT";
    case Proto: return "PROTO";
    case NewObj: return "NEWOBJ";
    case Ext1: return "EXT1";
    case Ext2: return "EXT2";
    case Ext4: return "EXT4";
    case Tuple1: return "TUPLE1";
    case Tuple2: return "TUPLE2";
    case Tuple3: return "TUPLE3";
    case NewTrue: return "NEWTRUE";
    case NewFalse: return "NEWFALSE";
    case Long1: return "LONG1";
    case Long4: return "LONG4";
    case BinBytes: return "BINBYTES";
    case ShortBinBytes: return "SHORT_BINBYTES";
    case ShortBinUnicode: return "SHORT_BINUNICODE";
    case BinUnicode8: return "BINUNICODE8";
    case BinBytes8: return "BINBYTES8";
    case EmptySet: return "EMPTY_SET";
    case AddItems: return "ADDITEMS";
    case FrozenSet: return "FROZENSET";
    case NewObjEx: return "NEWOBJ_EX";
    case StackGlobal: return "STACK_GLOBAL";
    case Memoize: return "MEMOIZE";
    case Frame: return "FRAME";
    case ByteArray8: return "BYTEARRAY8";
    case NextBuffer: return "NEXT_BUFFER";
    case ReadonlyBuffer: return "READONLY_BUFFER";
    default: return nullptr;
    }
}
// clang-format on

} // namespace llmcache::pickle
