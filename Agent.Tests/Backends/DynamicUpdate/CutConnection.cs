using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.DynamicUpdate;

/// <summary>
/// Stands before a server and passes TCP on, until a number of updates has gone through: the server gets the last one, its answer is lost,
/// and nobody is let through any more. So it looks to the server when an agent is killed.
/// </summary>
internal sealed class CutConnection : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly IPEndPoint _server;
    private readonly Task _accepting;
    private int _left;

    public CutConnection(IPEndPoint server, int updates)
    {
        _server = server;
        _left = updates;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public EndPoint EndPoint => _listener.LocalEndpoint;

    private bool IsCut => Volatile.Read(ref _left) <= 0;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> passing = [];
        try
        {
            while (true)
                passing.Add(PassAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(passing);
        }
    }

    private async Task PassAsync(TcpClient accepted)
    {
        using TcpClient client = accepted;
        if (IsCut) return;
        using TcpClient server = new();
        try
        {
            await server.ConnectAsync(_server, _stop.Token);
            Task answers = AnswerAsync(server.GetStream(), client);
            while (await FrameAsync(client.GetStream()) is { } frame)
            {
                bool isUpdate = MessageHeader.TryRead(frame.AsSpan(2), out MessageHeader header) && header.Opcode == Opcode.Update;
                if (isUpdate) Interlocked.Decrement(ref _left);
                await server.GetStream().WriteAsync(frame, _stop.Token);
            }

            server.Close();
            await answers;
        }
        catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two has gone, which is what this is for.
        }
    }

    private async Task AnswerAsync(NetworkStream server, TcpClient client)
    {
        byte[] buffer = new byte[65536];
        try
        {
            int got;
            while ((got = await server.ReadAsync(buffer, _stop.Token)) > 0 && !IsCut)
                await client.GetStream().WriteAsync(buffer.AsMemory(0, got), _stop.Token);
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The same.
        }

        client.Close();
    }

    private async Task<byte[]?> FrameAsync(NetworkStream client)
    {
        byte[] length = new byte[2];
        if (await client.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, _stop.Token) < 2) return null;
        byte[] frame = new byte[2 + BinaryPrimitives.ReadUInt16BigEndian(length)];
        length.CopyTo(frame, 0);
        await client.ReadExactlyAsync(frame.AsMemory(2), _stop.Token);
        return frame;
    }
}
