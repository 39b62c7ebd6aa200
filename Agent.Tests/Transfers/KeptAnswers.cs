using Agent.Actors.Listeners;
using Agent.Host.Sockets;

namespace Agent.Tests.Transfers;

/// <summary>Keeps what a zone is answered with, by stream or by datagram.</summary>
internal sealed class KeptAnswers : ITransferOutput, IReplyPath
{
    public List<byte[]> Messages { get; } = [];

    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> message)
    {
        Messages.Add(message.ToArray());
        return ValueTask.FromResult(true);
    }

    public bool Reply(in ReplyToken token, ReadOnlySpan<byte> message)
    {
        Messages.Add(message.ToArray());
        return true;
    }

    public void Withhold(in ReplyToken token)
    {
    }
}
