using System.Diagnostics.CodeAnalysis;
using System.Text;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>Master file text to RDATA.</summary>
public static class RdataParser
{
    private const int Eui48Bytes = 6;
    private const int Eui64Bytes = 8;

    /// <summary>
    /// Reads the data of one record. Besides the type's own form, <c>\# length hex</c> is read for every type (RFC 3597 5) and taken as it
    /// is, so that data which does not fit its type survives our own files.
    /// </summary>
    /// <param name="type">Any type.</param>
    /// <param name="tokens">All words behind the type, and nothing else; on return those read are taken.</param>
    /// <param name="originWire">Completes relative names; empty means the root.</param>
    /// <param name="destination">Room for the data; 65535 bytes are always enough.</param>
    /// <param name="length">Bytes written.</param>
    /// <param name="error">What was expected, in words for the person who wrote the file.</param>
    public static bool TryParse(
        RecordType type,
        ref RdataTokens tokens,
        ReadOnlySpan<byte> originWire,
        Span<byte> destination,
        out int length,
        [NotNullWhen(false)] out string? error)
    {
        var composer = new RdataComposer(tokens, originWire, destination);
        var isGeneric = tokens.TryPeek(out var first, out var quoted) && !quoted && first.SequenceEqual("\\#"u8);
        var isParsed = isGeneric ? TryParseGeneric(ref composer) : TryParseFields(RdataFields.Of(type), ref composer);
        if (isParsed && composer.Tokens.TryNext(out _, out _)) composer.Fail("more words follow than the type has fields");
        tokens = composer.Tokens;
        length = composer.Length;
        error = composer.Error;
        return error is null;
    }

    /// <summary>Reads one record's data from a string of its own; for tools and tests.</summary>
    public static bool TryParse(
        RecordType type, string text, DomainName? origin, [NotNullWhen(true)] out byte[]? rdata, [NotNullWhen(false)] out string? error)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var split = new List<RdataToken>();
        rdata = null;
        error = "a quote stays open";
        if (!RdataTokens.TrySplit(bytes, split)) return false;
        var tokens = new RdataTokens(bytes, split.ToArray());
        var destination = new byte[ushort.MaxValue];
        if (!TryParse(type, ref tokens, origin is null ? default : origin.Wire, destination, out var length, out error)) return false;
        rdata = destination[..length];
        return true;
    }

    private static bool TryParseGeneric(ref RdataComposer composer)
    {
        composer.Tokens.TryNext(out _, out _);
        if (!composer.TryNumber(ushort.MaxValue, out var expected)) return false;
        if (expected == 0) return true;
        if (!composer.TryHex()) return false;
        return composer.Length == expected || composer.Fail("the length after \\# does not match the data");
    }

    private static bool TryParseFields(ReadOnlySpan<RdataField> fields, ref RdataComposer composer)
    {
        if (fields.IsEmpty) return composer.Fail("this type has no text form of its own; write its data as \\# length hex");
        foreach (var field in fields)
        {
            if (!TryParseField(field, ref composer)) return composer.Fail("the data is malformed");
        }

        return true;
    }

    private static bool TryParseField(RdataField field, ref RdataComposer composer) => field switch
    {
        RdataField.Name => composer.TryName(),
        RdataField.Address4 => composer.TryAddress4(),
        RdataField.Address6 => composer.TryAddress6(),
        RdataField.String => composer.TryString(),
        RdataField.Strings => TryParseStrings(ref composer),
        RdataField.Text => composer.TryWord(out var word) && composer.TryAppendUnescaped(word),
        RdataField.Tag => TryParseTag(ref composer),
        RdataField.Base64 => composer.TryBase64(),
        RdataField.Hex => composer.TryHex(),
        RdataField.Salt => TryParseSalt(ref composer),
        RdataField.Hash => TryParseHash(ref composer),
        RdataField.TypeBitmap => TypeBitmapText.TryParse(ref composer),
        RdataField.Eui48 => TryParseEui(Eui48Bytes, ref composer),
        RdataField.Eui64 => TryParseEui(Eui64Bytes, ref composer),
        RdataField.Locator64 => TryParseLocator(ref composer),
        RdataField.SvcParams => SvcParamsText.TryParse(ref composer),
        RdataField.Location => LocationText.TryParse(ref composer),
        RdataField.Prefixes => PrefixListText.TryParse(ref composer),
        RdataField.IpsecGateway => GatewayText.TryParseIpsec(ref composer),
        RdataField.Relay => GatewayText.TryParseRelay(ref composer),
        RdataField.HostIdentity => HostIdentityText.TryParse(ref composer),
        _ => TryParseNumber(field, ref composer),
    };

    private static bool TryParseNumber(RdataField field, ref RdataComposer composer)
    {
        switch (field)
        {
            case RdataField.Number8:
                return composer.TryNumber(byte.MaxValue, out var number8) && composer.TryAppend([(byte)number8]);
            case RdataField.Number16:
                return composer.TryNumber(ushort.MaxValue, out var number16) && composer.TryAppend16((ushort)number16);
            case RdataField.Number32:
                return composer.TryNumber(uint.MaxValue, out var number32) && composer.TryAppend32(number32);
            case RdataField.Algorithm:
                return composer.TryAlgorithm(out var algorithm) && composer.TryAppend([algorithm]);
            default:
                return composer.TryWord(out var word) && TryParseCode(field, word, ref composer);
        }
    }

    private static bool TryParseCode(RdataField field, ReadOnlySpan<byte> word, ref RdataComposer composer)
    {
        switch (field)
        {
            case RdataField.Ttl:
                return TimeText.TryParseTtl(word, out var ttl) ? composer.TryAppend32(ttl) : composer.Fail("seconds or 1h30m are expected");
            case RdataField.Time:
                return TimeText.TryParseTime(word, out var time) ? composer.TryAppend32(time) : composer.Fail("YYYYMMDDHHmmSS is expected");
            case RdataField.Type:
                return RecordTypeText.TryParse(word, out RecordType type)
                    ? composer.TryAppend16((ushort)type)
                    : composer.Fail("a record type is expected");
            case RdataField.CertificateType:
                return CodeMnemonics.TryParseCertificateType(word, out var certificate)
                    ? composer.TryAppend16(certificate)
                    : composer.Fail("a certificate type is expected");
            case RdataField.Scheme:
                if (NameBytes.Equal(word, "NOTIFY"u8)) return composer.TryAppend([1]);
                return TimeText.TryParseNumber(word, byte.MaxValue, out var scheme)
                    ? composer.TryAppend([(byte)scheme])
                    : composer.Fail("NOTIFY or a number is expected");
            default:
                return composer.Fail("the data is malformed");
        }
    }

    private static bool TryParseStrings(ref RdataComposer composer)
    {
        do
        {
            if (!composer.TryString()) return false;
        }
        while (composer.Tokens.Remaining > 0);
        return true;
    }

    private static bool TryParseTag(ref RdataComposer composer)
    {
        var start = composer.Length;
        if (!composer.TryString()) return false;
        return StringText.IsTag(composer.Tail(start + 1)) || composer.Fail("a tag of letters and digits is expected");
    }

    private static bool TryParseSalt(ref RdataComposer composer)
    {
        if (!composer.Tokens.TryPeek(out var word, out _)) return composer.Fail("a salt or - is expected");
        var start = composer.Length;
        if (!composer.TryAppend([0])) return false;
        if (word is [(byte)'-']) return composer.TryWord(out _);
        if (!composer.TryHexWord()) return false;
        var length = composer.Length - start - 1;
        if (length > byte.MaxValue) return composer.Fail("a salt of at most 255 bytes is expected");
        composer.Patch(start, (byte)length);
        return true;
    }

    private static bool TryParseHash(ref RdataComposer composer)
    {
        if (!composer.TryWord(out var word)) return false;
        var start = composer.Length;
        if (!composer.TryAppend([0])) return false;
        int bits = 0, bitCount = 0;
        foreach (var character in word)
        {
            if (!HexText.TryDigit32(character, out var digit)) return composer.Fail("a hash in base32hex is expected");
            bits = ((bits << 5) | digit) & 0xFFFF;
            bitCount += 5;
            if (bitCount < 8) continue;
            bitCount -= 8;
            if (!composer.TryAppend([(byte)(bits >> bitCount)])) return false;
        }

        var length = composer.Length - start - 1;
        if (length is 0 or > byte.MaxValue || bitCount >= 5) return composer.Fail("a hash of 1 to 255 whole bytes is expected");
        composer.Patch(start, (byte)length);
        return true;
    }

    private static bool TryParseEui(int bytes, ref RdataComposer composer)
    {
        if (!composer.TryWord(out var word)) return false;
        if (word.Length != (bytes * 3) - 1) return composer.Fail("bytes in hexadecimal with hyphens between are expected");
        for (var i = 0; i < word.Length; i += 3)
        {
            if (!HexText.TryDigit(word[i], out var high) || !HexText.TryDigit(word[i + 1], out var low) || (i > 0 && word[i - 1] != '-'))
            {
                return composer.Fail("bytes in hexadecimal with hyphens between are expected");
            }

            if (!composer.TryAppend([(byte)((high << 4) | low)])) return false;
        }

        return true;
    }

    private static bool TryParseLocator(ref RdataComposer composer)
    {
        if (!composer.TryWord(out var word)) return false;
        var groups = 0;
        foreach (var range in word.Split((byte)':'))
        {
            var value = 0;
            var group = word[range];
            foreach (var character in group)
            {
                if (!HexText.TryDigit(character, out var digit)) return composer.Fail("four groups of hexadecimal digits are expected");
                value = (value << 4) | digit;
            }

            if (group.Length is 0 or > 4 || ++groups > 4) return composer.Fail("four groups of hexadecimal digits are expected");
            if (!composer.TryAppend16((ushort)value)) return false;
        }

        return groups == 4 || composer.Fail("four groups of hexadecimal digits are expected");
    }
}
