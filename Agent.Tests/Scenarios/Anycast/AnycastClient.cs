using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios.Anycast;

/// <summary>The pool manager's messages from the client's network to the anycast address; null when no answer comes.</summary>
internal sealed class AnycastClient(NetworkNamespace network)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public Task<DnsReply?> CreateAsync(string zone) => AskAsync(
        DnsTestMessage.Request(NextId(), WorkerClient.ControlFlags, zone, WorkerClient.TypeCreate, WorkerClient.ClassControl));

    public Task<DnsReply?> NotifyAsync(string zone) =>
        AskAsync(DnsTestMessage.Request(NextId(), WorkerClient.NotifyFlags, zone, DnsTestMessage.TypeSoa));

    public Task<DnsReply?> QueryAsync(string zone) => AskAsync(DnsTestMessage.Request(NextId(), 0x0100, zone, DnsTestMessage.TypeSoa));

    private async Task<DnsReply?> AskAsync(byte[] request)
    {
        using Socket socket = network.Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        using CancellationTokenSource late = new(Patience);
        byte[] buffer = new byte[4096];
        try
        {
            await socket.ConnectAsync(AnycastNetwork.Anycast, late.Token);
            await socket.SendAsync(request, late.Token);
            int length = await socket.ReceiveAsync(buffer, late.Token);
            return new DnsReply(buffer[..length], AnycastNetwork.Anycast);
        }
        catch (Exception silence) when (silence is OperationCanceledException or SocketException)
        {
            return null;
        }
    }

    private static ushort NextId() => (ushort)Random.Shared.Next(ushort.MaxValue);
}
