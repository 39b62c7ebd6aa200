using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Bench.Rolling;

/// <summary>What became of one request to one agent, as its client sees it.</summary>
public enum AskOutcome
{
    /// <summary>An answer came, whichever.</summary>
    Answered,

    /// <summary>The agent's port is closed: the client has been told at once, and asks the next agent.</summary>
    Gone,

    /// <summary>No answer in time, or the connection ended before there was one.</summary>
    Failed,
}

/// <summary>Asks one agent one thing and tells a closed port, which sends the client on, from an answer that never came.</summary>
public static class LoadClient
{
    /// <summary>One request from a socket of its own.</summary>
    public static Task<(AskOutcome Outcome, DnsReply? Reply, string What)> AskAsync(
        IPEndPoint agent, byte[] request, bool useTcp, TimeSpan patience) =>
        useTcp ? AskByTcpAsync(agent, request, patience) : AskByUdpAsync(agent, request, patience);

    private static async Task<(AskOutcome, DnsReply?, string)> AskByUdpAsync(IPEndPoint agent, byte[] request, TimeSpan patience)
    {
        using UdpClient client = new(new IPEndPoint(IPAddress.Any, 0));
        using CancellationTokenSource late = new(patience);
        try
        {
            client.Connect(agent);
            await client.SendAsync(request, late.Token);
            return (AskOutcome.Answered, new DnsReply((await client.ReceiveAsync(late.Token)).Buffer, agent), "");
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return (AskOutcome.Gone, null, "");
        }
        catch (OperationCanceledException)
        {
            return (AskOutcome.Failed, null, "silence");
        }
    }

    private static async Task<(AskOutcome, DnsReply?, string)> AskByTcpAsync(IPEndPoint agent, byte[] request, TimeSpan patience)
    {
        using TcpClient client = new(new IPEndPoint(IPAddress.Any, 0));
        using CancellationTokenSource late = new(patience);
        try
        {
            await client.ConnectAsync(agent, late.Token);
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return (AskOutcome.Gone, null, "");
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException)
        {
            return (AskOutcome.Failed, null, $"no connection: {failure.Message}");
        }

        try
        {
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(DnsSender.Frame(request), late.Token);
            return await DnsSender.ReadFramedAsync(stream, late.Token) is { } answer
                ? (AskOutcome.Answered, new DnsReply(answer, agent), "")
                : (AskOutcome.Failed, null, "closed before the answer");
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or IOException)
        {
            return (AskOutcome.Failed, null, failure is OperationCanceledException ? "silence" : failure.Message);
        }
    }
}
