namespace Agent.Dns.Records;

/// <summary>What IPSECKEY (RFC 4025) and AMTRELAY (RFC 8777) share: a gateway that is nothing, an address or a name.</summary>
internal static class GatewayText
{
    private const int DiscoveryBit = 0x80;
    private const byte TypeNone = 0;
    private const byte TypeAddress4 = 1;
    private const byte TypeAddress6 = 2;
    private const byte TypeName = 3;

    public static bool TryWriteIpsec(ref RdataReader reader, RecordTextBuffer text)
    {
        if (!reader.TryTake8(out var type) || !reader.TryTake8(out var algorithm)) return false;
        text.WriteNumber(type);
        text.Write((byte)' ');
        text.WriteNumber(algorithm);
        text.Write((byte)' ');
        if (!TryWriteGateway(type, ref reader, text)) return false;
        if (reader.Rest.IsEmpty) return true;
        text.Write((byte)' ');
        text.WriteBase64(reader.TakeRest());
        return true;
    }

    public static bool TryWriteRelay(ref RdataReader reader, RecordTextBuffer text)
    {
        if (!reader.TryTake8(out var typeAndDiscovery)) return false;
        text.Write((typeAndDiscovery & DiscoveryBit) != 0 ? "1 "u8 : "0 "u8);
        var type = (byte)(typeAndDiscovery & ~DiscoveryBit);
        text.WriteNumber(type);
        text.Write((byte)' ');
        return TryWriteGateway(type, ref reader, text);
    }

    public static bool TryParseIpsec(ref RdataComposer composer)
    {
        if (!composer.TryNumber(byte.MaxValue, out var type) || !composer.TryAlgorithm(out var algorithm)) return false;
        if (!composer.TryAppend([(byte)type, algorithm]) || !TryParseGateway((byte)type, ref composer)) return false;
        return composer.Tokens.Remaining == 0 || composer.TryBase64();
    }

    public static bool TryParseRelay(ref RdataComposer composer)
    {
        if (!composer.TryNumber(1, out var discovery) || !composer.TryNumber(DiscoveryBit - 1, out var type)) return false;
        return composer.TryAppend([(byte)((discovery == 0 ? 0 : DiscoveryBit) | (int)type)]) && TryParseGateway((byte)type, ref composer);
    }

    private static bool TryWriteGateway(byte type, ref RdataReader reader, RecordTextBuffer text)
    {
        switch (type)
        {
            case TypeNone:
                text.Write((byte)'.');
                return true;
            case TypeAddress4 when reader.TryTake(AddressText.Bytes4, out var address):
                AddressText.Write4(address, text);
                return true;
            case TypeAddress6 when reader.TryTake(AddressText.Bytes6, out var address):
                AddressText.Write6(address, text);
                return true;
            case TypeName when reader.TryTakeName(out var name):
                text.WriteName(name);
                return true;
            default:
                return false;
        }
    }

    private static bool TryParseGateway(byte type, ref RdataComposer composer) => type switch
    {
        TypeNone => composer.TryWord(out var word) && (word is [(byte)'.'] || composer.Fail("a dot is expected for a missing gateway")),
        TypeAddress4 => composer.TryAddress4(),
        TypeAddress6 => composer.TryAddress6(),
        TypeName => composer.TryName(),
        _ => composer.Fail("a gateway type from 0 to 3 is expected"),
    };
}
