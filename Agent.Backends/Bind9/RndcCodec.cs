using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Agent.Backends.Bind9;

/// <summary>Why a message of the control channel was not accepted.</summary>
public enum RndcError
{
    /// <summary>All is well.</summary>
    None,

    /// <summary>A frame of zero octets or of more than the limit.</summary>
    BadFrameLength,

    /// <summary>A protocol version that we do not know.</summary>
    BadVersion,

    /// <summary>Tables that break the format, are too deep or have too many entries.</summary>
    BadTable,

    /// <summary>The first entry is not a signature of the key's algorithm.</summary>
    NotSigned,

    /// <summary>The signature is wrong.</summary>
    BadSignature,
}

/// <summary>
/// Messages of BIND's control channel as octets; no sockets, no clock.
/// <code>
/// frame   = u32 length of the rest | u32 version = 1 | table
/// table   = entries: u8 name length | name | u8 type (1 text, 2 table, 3 list) | u32 value length | value
/// message = _auth { hmd5 | hsha : signature } , _ctrl { ... } , _data { ... }
/// </code>
/// The signature covers everything behind the <c>_auth</c> entry. It is base64: for HMAC-MD5 22 characters without padding; for the SHA
/// family one octet for the algorithm and 88 characters filled up with zeros. It is checked before anything else is looked at, so that
/// only
/// somebody who has the key can make us parse. Numbers travel big-endian.
/// </summary>
public static class RndcCodec
{
    /// <summary>The longest answer that is read, in octets; the same bound that rndc has.</summary>
    public const int ReplySizeMax = 1 << 20;

    /// <summary>The longest request that named reads, in octets.</summary>
    public const int RequestSizeMax = 32768;

    /// <summary>Octets of the length in front of a frame.</summary>
    public const int LengthSize = 4;

    private const uint Version = 1;
    private const int Md5SignatureSize = 22;
    private const int ShaSignatureSize = 89;

    /// <summary>A whole frame: length, version, signature, body.</summary>
    public static byte[] Encode(RndcTable body, RndcKey key)
    {
        MemoryStream bodyOctets = new();
        body.Write(bodyOctets);
        ReadOnlySpan<byte> signed = bodyOctets.GetBuffer().AsSpan(0, (int)bodyOctets.Length);
        byte[] signature = Signature(key, signed);
        bool isMd5 = key.Algorithm == RndcAlgorithm.HmacMd5;

        MemoryStream frame = new();
        WriteNumber(frame, 0);
        WriteNumber(frame, Version);
        WriteHead(frame, "_auth", type: 2, isMd5 ? Md5SignatureSize + 10 : ShaSignatureSize + 10);
        WriteHead(frame, isMd5 ? "hmd5" : "hsha", type: 1, signature.Length);
        frame.Write(signature);
        frame.Write(signed);
        byte[] octets = frame.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(octets, octets.Length - LengthSize);
        return octets;
    }

    /// <summary>The length that a frame announces, checked against <paramref name="sizeMax"/>.</summary>
    public static RndcError ReadLength(ReadOnlySpan<byte> head, int sizeMax, out int length)
    {
        uint announced = BinaryPrimitives.ReadUInt32BigEndian(head);
        length = announced <= (uint)sizeMax ? (int)announced : 0;
        return length > LengthSize ? RndcError.None : RndcError.BadFrameLength;
    }

    /// <summary>Checks and reads what follows the length of a frame.</summary>
    public static RndcError Decode(ReadOnlySpan<byte> payload, RndcKey key, out RndcTable body)
    {
        body = new RndcTable();
        if (payload.Length < LengthSize || BinaryPrimitives.ReadUInt32BigEndian(payload) != Version)
            return RndcError.BadVersion;
        ReadOnlySpan<byte> rest = payload[LengthSize..];
        bool isMd5 = key.Algorithm == RndcAlgorithm.HmacMd5;
        if (!RndcTable.TryReadEntry(ref rest, "_auth"u8, isTable: true, out ReadOnlySpan<byte> auth)
            || !RndcTable.TryReadEntry(ref auth, isMd5 ? "hmd5"u8 : "hsha"u8, isTable: false, out ReadOnlySpan<byte> signature)
            || !auth.IsEmpty)
        {
            return RndcError.NotSigned;
        }

        if (!CryptographicOperations.FixedTimeEquals(Signature(key, rest), signature))
            return RndcError.BadSignature;
        return RndcTable.TryRead(rest, out body) ? RndcError.None : RndcError.BadTable;
    }

    private static byte[] Signature(RndcKey key, ReadOnlySpan<byte> signed)
    {
        string text = Convert.ToBase64String(key.Sign(signed));
        if (key.Algorithm == RndcAlgorithm.HmacMd5)
            return Encoding.ASCII.GetBytes(text[..Md5SignatureSize]);
        byte[] signature = new byte[ShaSignatureSize];
        signature[0] = (byte)key.Algorithm;
        Encoding.ASCII.GetBytes(text, signature.AsSpan(1));
        return signature;
    }

    private static void WriteNumber(MemoryStream destination, uint number)
    {
        Span<byte> octets = stackalloc byte[LengthSize];
        BinaryPrimitives.WriteUInt32BigEndian(octets, number);
        destination.Write(octets);
    }

    private static void WriteHead(MemoryStream destination, string name, byte type, int length)
    {
        destination.WriteByte((byte)name.Length);
        destination.Write(Encoding.ASCII.GetBytes(name));
        destination.WriteByte(type);
        WriteNumber(destination, (uint)length);
    }
}
