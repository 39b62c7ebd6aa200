using System.Runtime.CompilerServices;
using Agent.Dns.Wire;

namespace Agent.Dns.Records;

/// <summary>RDATA as master file text.</summary>
public static class RdataText
{
    private const int Eui48Bytes = 6;
    private const int Eui64Bytes = 8;
    private const byte NotifyScheme = 1;

    /// <summary>
    /// Appends the type's own text form. False, with nothing appended, if the type has none, the bytes do not fit the type, or the style
    /// asks for the generic form.
    /// </summary>
    /// <remarks>Allocates nothing. What it writes is read back to the same bytes.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryWrite(RecordType type, ReadOnlySpan<byte> rdata, RecordTextBuffer text, RdataTextStyle? style = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        style ??= RdataTextStyle.Standard;
        var fields = RdataFields.Of(type);
        if (fields.IsEmpty || style.IsGeneric(type)) return false;
        var start = text.Length;
        var reader = new RdataReader(rdata);
        for (var i = 0; i < fields.Length; i++)
        {
            if (i > 0) text.Write((byte)' ');
            if (TryWriteField(fields[i], type, ref reader, text, style)) continue;
            text.TruncateTo(start);
            return false;
        }

        if (!reader.Rest.IsEmpty)
        {
            text.TruncateTo(start);
            return false;
        }

        // A last field that may be empty leaves its separator.
        if (text.Length > start && text.Written[^1] == ' ') text.TruncateTo(text.Length - 1);
        return true;
    }

    /// <summary>Appends the type's own form if possible, and <c>\# length hex</c> otherwise (RFC 3597 5).</summary>
    public static void Write(RecordType type, ReadOnlySpan<byte> rdata, RecordTextBuffer text, RdataTextStyle? style = null)
    {
        if (!TryWrite(type, rdata, text, style)) WriteGeneric(rdata, text);
    }

    /// <summary>Appends <c>\# length hex</c>.</summary>
    public static void WriteGeneric(ReadOnlySpan<byte> rdata, RecordTextBuffer text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text.Write("\\# "u8);
        text.WriteNumber((ulong)rdata.Length);
        if (rdata.IsEmpty) return;
        text.Write((byte)' ');
        text.WriteHex(rdata);
    }

    // Names in their data may lack the origin: these every reader completes. Of others that is not certain, and they are few.
    private static bool IsCompleted(RecordType type) =>
        type is RecordType.NS or RecordType.CNAME or RecordType.PTR or RecordType.MX or RecordType.SRV;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryWriteField(
        RdataField field, RecordType type, ref RdataReader reader, RecordTextBuffer text, RdataTextStyle style)
    {
        switch (field)
        {
            case RdataField.Name:
                if (!reader.TryTakeName(out var name)) return false;
                if (IsCompleted(type) && style.HasFinalDots) text.WriteRelativeName(name);
                else text.WriteName(name);
                if (!style.HasFinalDots && name.Length > 1) text.TruncateTo(text.Length - 1);
                return true;
            case RdataField.Address4:
                if (!reader.TryTake(AddressText.Bytes4, out var address4)) return false;
                AddressText.Write4(address4, text);
                return true;
            case RdataField.Address6:
                if (!reader.TryTake(AddressText.Bytes6, out var address6)) return false;
                AddressText.Write6(address6, text);
                return true;
            case RdataField.Base64:
                if (reader.Rest.IsEmpty) return false;
                text.WriteBase64(reader.TakeRest());
                return true;
            case RdataField.Hex:
                if (reader.Rest.IsEmpty) return false;
                text.WriteHex(reader.TakeRest());
                return true;
            case RdataField.Eui48:
                return TryWriteEui(ref reader, Eui48Bytes, text);
            case RdataField.Eui64:
                return TryWriteEui(ref reader, Eui64Bytes, text);
            case RdataField.TypeBitmap:
                return TypeBitmapText.TryWrite(ref reader, text, style);
            case RdataField.SvcParams:
                return SvcParamsText.TryWrite(ref reader, text, style);
            case RdataField.Location:
                return LocationText.TryWrite(ref reader, text);
            case RdataField.Prefixes:
                return PrefixListText.TryWrite(ref reader, text);
            case RdataField.IpsecGateway:
                return GatewayText.TryWriteIpsec(ref reader, text);
            case RdataField.Relay:
                return GatewayText.TryWriteRelay(ref reader, text);
            case RdataField.HostIdentity:
                return HostIdentityText.TryWrite(ref reader, text);
            default:
                return TryWriteNumber(field, ref reader, text, style) || TryWriteString(field, ref reader, text);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryWriteNumber(RdataField field, ref RdataReader reader, RecordTextBuffer text, RdataTextStyle style)
    {
        switch (field)
        {
            case RdataField.Number8 or RdataField.Algorithm:
                if (!reader.TryTake8(out var number8)) return false;
                text.WriteNumber(number8);
                return true;
            case RdataField.Scheme:
                if (!reader.TryTake8(out var scheme)) return false;
                if (scheme == NotifyScheme) text.Write("NOTIFY"u8);
                else text.WriteNumber(scheme);
                return true;
            case RdataField.Number16 or RdataField.CertificateType:
                if (!reader.TryTake16(out var number16)) return false;
                text.WriteNumber(number16);
                return true;
            case RdataField.Type:
                if (!reader.TryTake16(out var type)) return false;
                style.WriteType((RecordType)type, text);
                return true;
            case RdataField.Number32 or RdataField.Ttl:
                if (!reader.TryTake32(out var number32)) return false;
                text.WriteNumber(number32);
                return true;
            case RdataField.Time:
                if (!reader.TryTake32(out var seconds)) return false;
                TimeText.WriteTime(seconds, text);
                return true;
            default:
                return false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryWriteString(RdataField field, ref RdataReader reader, RecordTextBuffer text)
    {
        ReadOnlySpan<byte> bytes;
        switch (field)
        {
            case RdataField.String:
                if (!reader.TryTakeCounted(out bytes)) return false;
                StringText.WriteQuoted(bytes, text);
                return true;
            case RdataField.Strings:
                return TryWriteStrings(ref reader, text);
            case RdataField.Text:
                StringText.WriteQuoted(reader.TakeRest(), text);
                return true;
            case RdataField.Tag:
                if (!reader.TryTakeCounted(out bytes) || !StringText.IsTag(bytes)) return false;
                text.Write(bytes);
                return true;
            case RdataField.Salt:
                if (!reader.TryTakeCounted(out bytes)) return false;
                if (bytes.IsEmpty) text.Write((byte)'-');
                else text.WriteHex(bytes);
                return true;
            case RdataField.Hash:
                if (!reader.TryTakeCounted(out bytes) || bytes.IsEmpty) return false;
                HexText.WriteBase32(bytes, text);
                return true;
            case RdataField.Locator64:
                return TryWriteLocator(ref reader, text);
            default:
                return false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryWriteStrings(ref RdataReader reader, RecordTextBuffer text)
    {
        if (reader.Rest.IsEmpty) return false;
        for (var first = true; !reader.Rest.IsEmpty; first = false)
        {
            if (!reader.TryTakeCounted(out var bytes)) return false;
            if (!first) text.Write((byte)' ');
            StringText.WriteQuoted(bytes, text);
        }

        return true;
    }

    private static bool TryWriteEui(ref RdataReader reader, int length, RecordTextBuffer text)
    {
        if (!reader.TryTake(length, out var bytes)) return false;
        for (var i = 0; i < length; i++)
        {
            if (i > 0) text.Write((byte)'-');
            text.Write(HexText.LowerDigit(bytes[i] >> 4));
            text.Write(HexText.LowerDigit(bytes[i]));
        }

        return true;
    }

    private static bool TryWriteLocator(ref RdataReader reader, RecordTextBuffer text)
    {
        for (var i = 0; i < 4; i++)
        {
            if (!reader.TryTake(2, out var group)) return false;
            if (i > 0) text.Write((byte)':');
            text.WriteHex(group);
        }

        return true;
    }
}
