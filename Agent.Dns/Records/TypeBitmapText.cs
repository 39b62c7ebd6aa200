using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>The type bitmaps of NSEC, NSEC3 and CSYNC: windows of 256 types, at most 32 bytes each, ascending (RFC 4034 4.1.2).</summary>
internal static class TypeBitmapText
{
    private const int WindowBytesMax = 32;
    private const int AllTypesBytes = 65536 / 8;
    private const int WindowCount = 256;

    public static bool TryWrite(ref RdataReader reader, RecordTextBuffer text, RdataTextStyle style)
    {
        var lastWindow = -1;
        var first = true;
        while (!reader.Rest.IsEmpty)
        {
            if (!reader.TryTake8(out var window) || window <= lastWindow) return false;
            lastWindow = window;

            // A window with a zero at its end would come back shorter from its text.
            if (!reader.TryTakeCounted(out var bits) || bits.Length is 0 or > WindowBytesMax || bits[^1] == 0) return false;
            for (var i = 0; i < bits.Length * 8; i++)
            {
                if ((bits[i / 8] & (0x80 >> (i % 8))) == 0) continue;
                if (!first) text.Write((byte)' ');
                first = false;
                style.WriteType((RecordType)((window << 8) | i), text);
            }
        }

        return true;
    }

    public static bool TryParse(ref RdataComposer composer)
    {
        Span<byte> all = stackalloc byte[AllTypesBytes];
        all.Clear();
        while (composer.Tokens.TryNext(out var word, out _))
        {
            if (!RecordTypeText.TryParse(word, out RecordType type)) return composer.Fail("a record type is expected");
            all[(int)type / 8] |= (byte)(0x80 >> ((int)type % 8));
        }

        for (var window = 0; window < WindowCount; window++)
        {
            var bits = all.Slice(window * WindowBytesMax, WindowBytesMax).TrimEnd((byte)0);
            if (bits.IsEmpty) continue;
            if (!composer.TryAppend([(byte)window, (byte)bits.Length]) || !composer.TryAppend(bits)) return false;
        }

        return true;
    }
}
