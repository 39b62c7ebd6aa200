using System.Buffers.Binary;

namespace Agent.Dns.Records;

/// <summary>
/// The parameters of SVCB and HTTPS (RFC 9460 2.1). Text is written in the order of the wire, which a secondary must not change; text
/// is read into ascending order, as the standard demands of whoever makes the record.
/// </summary>
/// <remarks>Keys above 6 are written as <c>keyNNN</c>, since the servers differ in which later names they know.</remarks>
internal static class SvcParamsText
{
    public const ushort Mandatory = 0;
    public const ushort Alpn = 1;
    public const ushort NoDefaultAlpn = 2;
    public const ushort Port = 3;
    public const ushort Ipv4Hint = 4;
    public const ushort Ech = 5;
    public const ushort Ipv6Hint = 6;
    private const ushort DohPath = 7;
    private const ushort Ohttp = 8;
    private const int NamedKeys = 7;
    private const int ParameterHead = 4;

    public static bool TryWrite(ref RdataReader reader, RecordTextBuffer text, RdataTextStyle style)
    {
        for (var first = true; !reader.Rest.IsEmpty; first = false)
        {
            if (!reader.TryTake16(out var key) || !reader.TryTake16(out var length) || !reader.TryTake(length, out var value)) return false;
            if (!first) text.Write((byte)' ');
            WriteKey(key, text);
            if (!TryWriteValue(key, value, text, style.HasStrictParameters)) return false;
        }

        return true;
    }

    public static bool TryParse(ref RdataComposer composer)
    {
        var start = composer.Length;
        while (composer.Tokens.TryNext(out var word, out var quoted))
        {
            if (quoted) return composer.Fail("a parameter starts with its key, not with a quote");
            var equals = word.IndexOf((byte)'=');
            var keyText = equals < 0 ? word : word[..equals];
            var value = equals < 0 ? default : word[(equals + 1)..];
            if (value is [(byte)'"', .., (byte)'"']) value = value[1..^1];
            if (!TryParseKey(keyText, out var key)) return composer.Fail("an unknown parameter; write it as keyNNN");
            var head = composer.Length;
            if (!composer.TryAppend16(key) || !composer.TryAppend16(0) || !TryParseValue(key, value, ref composer)) return false;
            composer.Patch16(head + 2, (ushort)(composer.Length - head - ParameterHead));
        }

        return SvcParamsOrder.TrySort(composer.Tail(start)) || composer.Fail("a parameter is given twice");
    }

    private static ReadOnlySpan<byte> NameOf(ushort key) => key switch
    {
        Mandatory => "mandatory"u8,
        Alpn => "alpn"u8,
        NoDefaultAlpn => "no-default-alpn"u8,
        Port => "port"u8,
        Ipv4Hint => "ipv4hint"u8,
        Ech => "ech"u8,
        Ipv6Hint => "ipv6hint"u8,
        DohPath => "dohpath"u8,
        Ohttp => "ohttp"u8,
        _ => default,
    };

    private static void WriteKey(ushort key, RecordTextBuffer text)
    {
        if (key < NamedKeys)
        {
            text.Write(NameOf(key));
            return;
        }

        text.Write("key"u8);
        text.WriteNumber(key);
    }

    private static void WriteKey(ReadOnlySpan<byte> key, RecordTextBuffer text) =>
        WriteKey(BinaryPrimitives.ReadUInt16BigEndian(key), text);

    private static bool TryParseKey(ReadOnlySpan<byte> word, out ushort key)
    {
        for (key = 0; key <= Ohttp; key++)
        {
            if (Wire.NameBytes.Equal(word, NameOf(key))) return true;
        }

        key = 0;
        if (!word.StartsWith("key"u8) || !TimeText.TryParseNumber(word[3..], ushort.MaxValue, out var number)) return false;
        key = (ushort)number;
        return true;
    }

    private static bool TryWriteValue(ushort key, ReadOnlySpan<byte> value, RecordTextBuffer text, bool isStrict)
    {
        if (value.IsEmpty && (key < NamedKeys || !isStrict)) return key is NoDefaultAlpn or >= NamedKeys;
        text.Write((byte)'=');
        switch (key)
        {
            case Mandatory:
                return TryWriteList(value, sizeof(ushort), text, WriteKey);
            case Alpn:
                return TryWriteProtocols(value, text, isQuoted: !isStrict || value.ContainsAny(" \t\"\\"u8));
            case NoDefaultAlpn:
                return false;
            case Port:
                if (value.Length != sizeof(ushort)) return false;
                text.WriteNumber(BinaryPrimitives.ReadUInt16BigEndian(value));
                return true;
            case Ipv4Hint:
                return TryWriteList(value, AddressText.Bytes4, text, AddressText.Write4);
            case Ech:
                if (isStrict) text.Write((byte)'"');
                text.WriteBase64(value);
                if (isStrict) text.Write((byte)'"');
                return true;
            case Ipv6Hint:
                return TryWriteList(value, AddressText.Bytes6, text, AddressText.Write6);
            default:
                StringText.WriteQuoted(value, text);
                return true;
        }
    }

    private delegate void ItemWriter(ReadOnlySpan<byte> item, RecordTextBuffer text);

    private static bool TryWriteList(ReadOnlySpan<byte> value, int itemBytes, RecordTextBuffer text, ItemWriter write)
    {
        if (value.Length % itemBytes != 0) return false;
        for (var i = 0; i < value.Length; i += itemBytes)
        {
            if (i > 0) text.Write((byte)',');
            write(value.Slice(i, itemBytes), text);
        }

        return true;
    }

    // Two levels of escapes meet here: a comma inside a protocol gets a backslash, and that backslash one of its own (RFC 9460 A.1).
    private static bool TryWriteProtocols(ReadOnlySpan<byte> value, RecordTextBuffer text, bool isQuoted)
    {
        var reader = new RdataReader(value);
        if (isQuoted) text.Write((byte)'"');
        for (var first = true; !reader.Rest.IsEmpty; first = false)
        {
            if (!reader.TryTakeCounted(out var protocol) || protocol.IsEmpty) return false;
            if (!first) text.Write((byte)',');
            foreach (var character in protocol)
            {
                if (character is (byte)',' or (byte)'\\') text.Write("\\\\"u8);
                StringText.WriteByte(character, text);
            }
        }

        if (isQuoted) text.Write((byte)'"');
        return true;
    }

    private static bool TryParseValue(ushort key, ReadOnlySpan<byte> value, ref RdataComposer composer)
    {
        if (key < NamedKeys && value.IsEmpty != (key == NoDefaultAlpn)) return composer.Fail("the value is missing or too much");
        switch (key)
        {
            case Mandatory:
                return TryParseMandatory(value, ref composer);
            case Alpn:
                return TryParseProtocols(value, ref composer);
            case NoDefaultAlpn:
                return true;
            case Port:
                if (!TimeText.TryParseNumber(value, ushort.MaxValue, out var port)) return composer.Fail("a port is expected");
                return composer.TryAppend16((ushort)port);
            case Ech:
                return composer.TryBase64Of(value);
            case Ipv4Hint or Ipv6Hint:
                return TryParseAddresses(key, value, ref composer);
            default:
                return composer.TryAppendUnescaped(value);
        }
    }

    private static bool TryParseMandatory(ReadOnlySpan<byte> value, ref RdataComposer composer)
    {
        var start = composer.Length;
        foreach (var range in value.Split((byte)','))
        {
            if (!TryParseKey(value[range], out var key)) return composer.Fail("an unknown key in mandatory");
            if (!composer.TryAppend16(key)) return false;
        }

        return SvcParamsOrder.TrySortKeys(composer.Tail(start)) || composer.Fail("a key stands twice in mandatory");
    }

    private static bool TryParseAddresses(ushort key, ReadOnlySpan<byte> value, ref RdataComposer composer)
    {
        Span<byte> address = stackalloc byte[AddressText.Bytes6];
        foreach (var range in value.Split((byte)','))
        {
            var item = value[range];
            if (key == Ipv4Hint ? !AddressText.TryParse4(item, address) : !AddressText.TryParse6(item, address))
            {
                return composer.Fail("a list of addresses is expected");
            }

            if (!composer.TryAppend(address[..(key == Ipv4Hint ? AddressText.Bytes4 : AddressText.Bytes6)])) return false;
        }

        return true;
    }

    private static bool TryParseProtocols(ReadOnlySpan<byte> value, ref RdataComposer composer)
    {
        // One byte for the length of the first protocol; each comma becomes the length of the next.
        var start = composer.Length;
        if (!composer.TryAppend([0]) || !composer.TryAppendUnescaped(value)) return false;
        var bytes = composer.Tail(start);
        int lengthAt = 0, written = 1;
        for (var i = 1; i <= bytes.Length; i++)
        {
            if (i < bytes.Length && bytes[i] != ',')
            {
                if (bytes[i] == '\\' && ++i == bytes.Length) return composer.Fail("a backslash ends the list of protocols");
                bytes[written++] = bytes[i];
                continue;
            }

            var length = written - lengthAt - 1;
            if (length is 0 or > StringText.MaximumLength) return composer.Fail("a protocol has 1 to 255 bytes");
            bytes[lengthAt] = (byte)length;
            lengthAt = written++;
        }

        composer.TruncateTo(start + lengthAt);
        return true;
    }
}
