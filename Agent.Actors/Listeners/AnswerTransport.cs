namespace Agent.Actors.Listeners;

/// <summary>How a request came, and therefore how large its answer may be.</summary>
public enum AnswerTransport : byte
{
    /// <summary>One datagram each way; the answer is cut with TC when it does not fit.</summary>
    Udp = 0,

    /// <summary>A stream; an answer may have 65535 octets.</summary>
    Tcp = 1,

    /// <summary>A stream within TLS; answers to questions with EDNS are padded.</summary>
    Tls = 2,
}
