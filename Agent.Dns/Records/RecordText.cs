using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>Whole records as lines of a master file.</summary>
public static class RecordText
{
    /// <summary>Appends <c>owner TTL class type data</c> and a line feed. Allocates nothing.</summary>
    /// <param name="owner">An uncompressed name.</param>
    /// <param name="ttl">Seconds.</param>
    /// <param name="recordClass">The class.</param>
    /// <param name="type">Any type.</param>
    /// <param name="rdata">Its data without compression.</param>
    /// <param name="text">Where to.</param>
    /// <param name="style">What the reader knows; null for everything.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteLine(
        ReadOnlySpan<byte> owner,
        uint ttl,
        RecordClass recordClass,
        RecordType type,
        ReadOnlySpan<byte> rdata,
        RecordTextBuffer text,
        RdataTextStyle? style = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        text.WriteRelativeName(owner);
        text.Write((byte)' ');
        text.WriteNumber(ttl);
        text.Write((byte)' ');
        WriteClass(recordClass, text);
        text.Write((byte)' ');
        WriteTypeAndRdata(type, rdata, text, style);
        text.Write((byte)'\n');
    }

    /// <summary>Appends <c>type data</c>: together, as data that does not fit its type changes how the type is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteTypeAndRdata(RecordType type, ReadOnlySpan<byte> rdata, RecordTextBuffer text, RdataTextStyle? style = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        style ??= RdataTextStyle.Standard;
        var start = text.Length;
        var mnemonic = style.MnemonicOf(type);
        if (!mnemonic.IsEmpty)
        {
            text.Write(mnemonic);
            text.Write((byte)' ');
            if (RdataText.TryWrite(type, rdata, text, style)) return;
            text.TruncateTo(start);
        }

        text.Write("TYPE"u8);
        text.WriteNumber((ushort)type);
        text.Write((byte)' ');
        RdataText.WriteGeneric(rdata, text);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteClass(RecordClass recordClass, RecordTextBuffer text)
    {
        if (recordClass == RecordClass.IN)
        {
            text.Write("IN"u8);
            return;
        }

        text.Write("CLASS"u8);
        text.WriteNumber((ushort)recordClass);
    }
}
