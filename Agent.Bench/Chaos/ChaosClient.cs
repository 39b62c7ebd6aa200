using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>One request of the pool manager's worker, and an exact word on what became of it.</summary>
/// <param name="now">Time since the beginning of the round.</param>
internal sealed class ChaosClient(Func<TimeSpan> now)
{
    /// <summary>No client waits longer.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(15);

    /// <summary>Asks, and writes what came of it into the zone's ledger.</summary>
    public async Task<LedgerEntry> AskAsync(ZoneLedger ledger, string agent, IPEndPoint server, bool? wanted, bool useTcp)
    {
        byte[] request = DnsTestMessage.Request(
            (ushort)Random.Shared.Next(ushort.MaxValue),
            wanted is null ? WorkerClient.NotifyFlags : WorkerClient.ControlFlags,
            ledger.Zone,
            wanted switch { true => WorkerClient.TypeCreate, false => WorkerClient.TypeDelete, null => DnsTestMessage.TypeSoa },
            wanted is null ? DnsTestMessage.ClassIn : WorkerClient.ClassControl);
        TimeSpan askedAt = now();
        (AnswerKind kind, string detail) = useTcp ? await ByTcpAsync(server, request) : await ByUdpAsync(server, request);
        LedgerEntry entry = new(wanted, agent, askedAt, now(), kind, detail);
        ledger.Add(entry);
        return entry;
    }

    private static async Task<(AnswerKind Kind, string Detail)> ByUdpAsync(IPEndPoint server, byte[] request)
    {
        try
        {
            return await DnsSender.AskByUdpAsync(server, request, Patience) is { } answer
                ? Judge(answer, request, server)
                : (AnswerKind.Silent, "udp");
        }
        catch (SocketException error)
        {
            return (AnswerKind.Silent, error.SocketErrorCode.ToString());
        }
    }

    private static async Task<(AnswerKind Kind, string Detail)> ByTcpAsync(IPEndPoint server, byte[] request)
    {
        using TcpClient client = new(AddressFamily.InterNetwork);
        using CancellationTokenSource late = new(Patience);
        try
        {
            await client.ConnectAsync(server, late.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return (AnswerKind.NotSent, "no connection");
        }

        try
        {
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(DnsSender.Frame(request), late.Token);
            return await DnsSender.ReadFramedAsync(stream, late.Token) is { } answer
                ? Judge(answer, request, server)
                : (AnswerKind.Silent, "closed");
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            return (AnswerKind.Silent, error is OperationCanceledException ? "tcp" : "reset");
        }
    }

    private static (AnswerKind Kind, string Detail) Judge(byte[] answer, byte[] request, IPEndPoint server)
    {
        DnsReply reply = new(answer, server);
        if (reply.Id != (request[0] << 8 | request[1])) return (AnswerKind.Failed, "an answer to something else");
        return reply is { IsResponse: true, IsAuthoritative: true, ResponseCode: 0 }
            ? (AnswerKind.Done, "")
            : (AnswerKind.Failed, string.Create(CultureInfo.InvariantCulture, $"rcode {reply.ResponseCode} ede {reply.ExtendedError}"));
    }
}
