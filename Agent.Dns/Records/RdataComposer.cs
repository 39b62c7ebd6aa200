using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>
/// Reads the words of one record's data and appends their wire form. Every step returns false after the first failure, and
/// <see cref="Error"/> says what was expected.
/// </summary>
internal ref struct RdataComposer(RdataTokens tokens, ReadOnlySpan<byte> origin, Span<byte> destination)
{
    private readonly ReadOnlySpan<byte> _origin = origin;
    private readonly Span<byte> _destination = destination[..Math.Min(destination.Length, ushort.MaxValue)];

    /// <summary>The words not read yet.</summary>
    public RdataTokens Tokens = tokens;

    public int Length { get; private set; }

    public string? Error { get; private set; }

    public bool Fail(string error)
    {
        Error ??= error;
        return false;
    }

    /// <summary>The bytes appended since <paramref name="start"/>.</summary>
    public readonly Span<byte> Tail(int start) => _destination[start..Length];

    public void TruncateTo(int length) => Length = length;

    public readonly void Patch(int offset, byte value) => _destination[offset] = value;

    public readonly void Patch16(int offset, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(_destination[offset..], value);

    public bool TryAppend(scoped ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length > _destination.Length) return Fail("the data is longer than 65535 bytes");
        bytes.CopyTo(_destination[Length..]);
        Length += bytes.Length;
        return true;
    }

    public bool TryAppend16(ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return TryAppend(bytes);
    }

    public bool TryAppend32(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return TryAppend(bytes);
    }

    public bool TryAppendUnescaped(scoped ReadOnlySpan<byte> word)
    {
        while (!word.IsEmpty)
        {
            if (!StringText.TryTakeByte(ref word, out var value)) return Fail("after a backslash comes a character or 000 to 255");
            if (!TryAppend([value])) return false;
        }

        return true;
    }

    public bool TryWord(out ReadOnlySpan<byte> word) => Tokens.TryNext(out word, out _) || Fail("the data ends too early");

    public bool TryNumber(uint maximum, out uint number)
    {
        number = 0;
        if (!TryWord(out var word)) return false;
        if (TimeText.TryParseNumber(word, maximum, out number)) return true;
        return Fail(maximum switch
        {
            byte.MaxValue => "a number from 0 to 255 is expected",
            ushort.MaxValue => "a number from 0 to 65535 is expected",
            uint.MaxValue => "a number from 0 to 4294967295 is expected",
            _ => "a smaller number is expected",
        });
    }

    public bool TryName()
    {
        Span<byte> wire = stackalloc byte[NameReader.MaximumLength];
        if (!TryWord(out var word)) return false;
        return NameText.TryParse(word, _origin, wire, out var length) ? TryAppend(wire[..length]) : Fail("a domain name is expected");
    }

    public bool TryAddress4()
    {
        Span<byte> address = stackalloc byte[AddressText.Bytes4];
        if (!TryWord(out var word)) return false;
        return AddressText.TryParse4(word, address) ? TryAppend(address) : Fail("an IPv4 address is expected");
    }

    public bool TryAddress6()
    {
        Span<byte> address = stackalloc byte[AddressText.Bytes6];
        if (!TryWord(out var word)) return false;
        return AddressText.TryParse6(word, address) ? TryAppend(address) : Fail("an IPv6 address is expected");
    }

    public bool TryAlgorithm(out byte algorithm)
    {
        algorithm = 0;
        if (!TryWord(out var word)) return false;
        return CodeMnemonics.TryParseAlgorithm(word, out algorithm) || Fail("a DNSSEC algorithm is expected");
    }

    /// <summary>A character string with its length before it.</summary>
    public bool TryString()
    {
        if (!TryWord(out var word)) return false;
        var start = Length;
        if (!TryAppend([0]) || !TryAppendUnescaped(word)) return false;
        var length = Length - start - 1;
        if (length > StringText.MaximumLength) return Fail("a character string is longer than 255 bytes");
        Patch(start, (byte)length);
        return true;
    }

    /// <summary>All words left, as one base64 text.</summary>
    public bool TryBase64()
    {
        var decoder = new Base64Decoder();
        while (Tokens.TryNext(out var word, out _))
        {
            if (!TryDecode(word, ref decoder)) return false;
        }

        return decoder.IsComplete || Fail("base64 is expected");
    }

    public bool TryBase64Word() => TryWord(out var word) && TryBase64Of(word);

    public bool TryBase64Of(scoped ReadOnlySpan<byte> word)
    {
        var decoder = new Base64Decoder();
        return TryDecode(word, ref decoder) && (decoder.IsComplete || Fail("base64 is expected"));
    }

    /// <summary>All words left, as one hexadecimal text of at least one byte.</summary>
    public bool TryHex()
    {
        var start = Length;
        var high = -1;
        while (Tokens.TryNext(out var word, out _))
        {
            if (!TryHexDigits(word, ref high)) return false;
        }

        return (high < 0 && Length > start) || Fail("hexadecimal digits in pairs are expected");
    }

    public bool TryHexWord()
    {
        var high = -1;
        if (!TryWord(out var word) || !TryHexDigits(word, ref high)) return false;
        return high < 0 || Fail("hexadecimal digits in pairs are expected");
    }

    private bool TryHexDigits(scoped ReadOnlySpan<byte> word, ref int high)
    {
        foreach (var character in word)
        {
            if (!HexText.TryDigit(character, out var digit)) return Fail("hexadecimal digits are expected");
            if (high < 0)
            {
                high = digit;
                continue;
            }

            if (!TryAppend([(byte)((high << 4) | digit)])) return false;
            high = -1;
        }

        return true;
    }

    private bool TryDecode(scoped ReadOnlySpan<byte> word, scoped ref Base64Decoder decoder)
    {
        foreach (var character in word)
        {
            if (!decoder.TryTake(character, out var value, out var hasValue)) return Fail("base64 is expected");
            if (hasValue && !TryAppend([value])) return false;
        }

        return true;
    }
}
