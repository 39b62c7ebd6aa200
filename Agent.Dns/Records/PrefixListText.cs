namespace Agent.Dns.Records;

/// <summary>APL (RFC 3123): prefixes such as <c>1:192.0.2.0/24</c> or <c>!2:2001:db8::/32</c>.</summary>
internal static class PrefixListText
{
    private const ushort Family4 = 1;
    private const ushort Family6 = 2;
    private const int NegationBit = 0x80;

    public static bool TryWrite(ref RdataReader reader, RecordTextBuffer text)
    {
        Span<byte> address = stackalloc byte[AddressText.Bytes6];
        for (var first = true; !reader.Rest.IsEmpty; first = false)
        {
            if (!reader.TryTake16(out var family) || !reader.TryTake8(out var prefix)) return false;
            if (!reader.TryTake8(out var lengthAndSign)) return false;
            if (!reader.TryTake(lengthAndSign & ~NegationBit, out var bytes)) return false;

            // Zeros at the end of the address are not sent; text would not bring them back.
            var size = family switch { Family4 => AddressText.Bytes4, Family6 => AddressText.Bytes6, _ => 0 };
            if (size == 0 || bytes.Length > size || prefix > size * 8 || (!bytes.IsEmpty && bytes[^1] == 0)) return false;
            address.Clear();
            bytes.CopyTo(address);
            if (!first) text.Write((byte)' ');
            if ((lengthAndSign & NegationBit) != 0) text.Write((byte)'!');
            text.WriteNumber(family);
            text.Write((byte)':');
            if (family == Family4) AddressText.Write4(address, text);
            else AddressText.Write6(address, text);
            text.Write((byte)'/');
            text.WriteNumber(prefix);
        }

        return true;
    }

    public static bool TryParse(ref RdataComposer composer)
    {
        while (composer.Tokens.TryNext(out var word, out _))
        {
            if (!TryParseOne(ref composer, word)) return composer.Fail("a prefix such as 1:192.0.2.0/24 is expected");
        }

        return true;
    }

    private static bool TryParseOne(ref RdataComposer composer, ReadOnlySpan<byte> word)
    {
        Span<byte> address = stackalloc byte[AddressText.Bytes6];
        var negated = word.StartsWith("!"u8);
        if (negated) word = word[1..];
        var colon = word.IndexOf((byte)':');
        var slash = word.IndexOf((byte)'/');
        if (colon < 0 || slash < colon || !TimeText.TryParseNumber(word[..colon], Family6, out var family)) return false;
        var size = family == Family4 ? AddressText.Bytes4 : AddressText.Bytes6;
        if (!TimeText.TryParseNumber(word[(slash + 1)..], (uint)(size * 8), out var prefix)) return false;
        var addressText = word[(colon + 1)..slash];
        var good = family switch
        {
            Family4 => AddressText.TryParse4(addressText, address),
            Family6 => AddressText.TryParse6(addressText, address),
            _ => false,
        };
        if (!good) return false;
        var bytes = address[..size].TrimEnd((byte)0);
        return composer.TryAppend16((ushort)family)
            && composer.TryAppend([(byte)prefix, (byte)(bytes.Length | (negated ? NegationBit : 0))])
            && composer.TryAppend(bytes);
    }
}
