using System.Buffers.Binary;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>The signature of a relayed query that was meant for us: the server behind us does not know the key, so it gets the query
/// without, and the answer is signed by us.</summary>
public sealed class RelaySignature
{
    private const int AdditionalCountOffset = 10;

    private readonly IRequestAuthenticator _authenticator;
    private readonly RequestAuthentication _request;

    /// <summary>Remembers what signing the answer needs.</summary>
    /// <param name="authenticator">Has verified the query.</param>
    /// <param name="request">What it said of it.</param>
    /// <param name="queryBytes">Octets of the query in front of its TSIG.</param>
    /// <param name="answerBytesMax">What the client takes, signature and all.</param>
    public RelaySignature(IRequestAuthenticator authenticator, in RequestAuthentication request, int queryBytes, int answerBytesMax)
    {
        ArgumentNullException.ThrowIfNull(authenticator);
        _authenticator = authenticator;
        _request = request;
        QueryBytes = queryBytes;
        AnswerBytesMax = answerBytesMax;
    }

    /// <summary>Octets of the query without its TSIG, which is the last record.</summary>
    public int QueryBytes { get; }

    /// <summary>What the client takes, signature and all.</summary>
    public int AnswerBytesMax { get; }

    /// <summary>What the signature of the answer needs.</summary>
    public int Bytes => _authenticator.SignatureBytes(_request);

    /// <summary>Takes the TSIG off a copy of the query: what is left are the first <see cref="QueryBytes"/>.</summary>
    public static void TakeOff(Span<byte> query)
    {
        Span<byte> count = query[AdditionalCountOffset..MessageHeader.Size];
        BinaryPrimitives.WriteUInt16BigEndian(count, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(count) - 1));
    }

    /// <summary>Signs an answer that has the client's id; the new length.</summary>
    public int Sign(Span<byte> buffer, int length) => _authenticator.Sign(buffer, length, _request);
}
