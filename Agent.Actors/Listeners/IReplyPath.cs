using Agent.Dns.Net;

namespace Agent.Actors.Listeners;

/// <summary>The way back to a client, kept by a request that is answered later.</summary>
public interface IReplyPath
{
    /// <summary>Sends an answer now. Any thread; never waits and never throws.</summary>
    /// <param name="token">What the socket needs to find the client.</param>
    /// <param name="message">The whole message, without a length in front.</param>
    /// <returns>False when the client cannot be reached any more.</returns>
    bool Reply(in ReplyToken token, ReadOnlySpan<byte> message);

    /// <summary>Says that no answer will come, so that the socket need not wait for one. Any thread.</summary>
    void Withhold(in ReplyToken token);
}

/// <summary>Finds the client of one request: on UDP both addresses, so that the answer leaves from the one that was asked.</summary>
/// <param name="Client">Where the request came from.</param>
/// <param name="Local">Where it was sent to.</param>
public readonly record struct ReplyToken(NetworkEndpoint Client, NetworkEndpoint Local);

/// <summary>Where a request came from and how an answer gets back.</summary>
/// <param name="Client">The client's address and port.</param>
/// <param name="Local">The local address and port that was asked.</param>
/// <param name="Transport">Datagram or stream.</param>
/// <param name="ReplyPath">For answers that are given later.</param>
public readonly record struct RequestSource(NetworkEndpoint Client, NetworkEndpoint Local, AnswerTransport Transport, IReplyPath ReplyPath)
{
    /// <summary>What <see cref="ReplyPath"/> wants to know.</summary>
    public ReplyToken Token => new(Client, Local);

    /// <summary>What a TLS handshake has told about the client; null when the request came in the clear.</summary>
    public TlsClient? Tls { get; init; }
}
