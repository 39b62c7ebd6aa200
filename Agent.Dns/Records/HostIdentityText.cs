namespace Agent.Dns.Records;

/// <summary>HIP (RFC 8005): algorithm, host identity tag in hexadecimal, key in base64, rendezvous servers.</summary>
internal static class HostIdentityText
{
    public static bool TryWrite(ref RdataReader reader, RecordTextBuffer text)
    {
        if (!reader.TryTake8(out var tagLength) || !reader.TryTake8(out var algorithm)) return false;
        if (!reader.TryTake16(out var keyLength) || !reader.TryTake(tagLength, out var tag)) return false;
        if (!reader.TryTake(keyLength, out var key) || tag.IsEmpty || key.IsEmpty) return false;
        text.WriteNumber(algorithm);
        text.Write((byte)' ');
        text.WriteHex(tag);
        text.Write((byte)' ');
        text.WriteBase64(key);
        while (!reader.Rest.IsEmpty)
        {
            if (!reader.TryTakeName(out var server)) return false;
            text.Write((byte)' ');
            text.WriteName(server);
        }

        return true;
    }

    public static bool TryParse(ref RdataComposer composer)
    {
        if (!composer.TryNumber(byte.MaxValue, out var algorithm)) return false;
        var head = composer.Length;
        if (!composer.TryAppend([0, (byte)algorithm, 0, 0])) return false;
        var start = composer.Length;
        if (!composer.TryHexWord()) return false;
        var tagLength = composer.Length - start;
        if (tagLength is 0 or > byte.MaxValue) return composer.Fail("a host identity tag of 1 to 255 bytes is expected");
        composer.Patch(head, (byte)tagLength);

        start = composer.Length;
        if (!composer.TryBase64Word()) return false;
        var keyLength = composer.Length - start;
        if (keyLength == 0) return composer.Fail("a key in base64 is expected");
        composer.Patch(head + 2, (byte)(keyLength >> 8));
        composer.Patch(head + 3, (byte)keyLength);
        while (composer.Tokens.Remaining > 0)
        {
            if (!composer.TryName()) return false;
        }

        return true;
    }
}
