using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Agent.Backends.Bind9;

namespace Agent.Tests.Backends.Bind9;

/// <summary>
/// The other end of a control channel that does as a test tells: it greets with a nonce like named, then hands every command to the
/// script,
/// which gives the answer's frame, or null to close the connection.
/// </summary>
internal sealed class ScriptedNamed : IAsyncDisposable
{
    public const string Nonce = "4711";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<ScriptedCommand, Task<byte[]?>> _script;
    private readonly Task _accepting;
    private int _connections;

    public ScriptedNamed(RndcKey key, Func<ScriptedCommand, Task<byte[]?>> script)
    {
        Key = key;
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public RndcKey Key { get; }

    public RndcEndpoint Endpoint => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, Key);

    public int Connections => _connections;

    public static RndcKey NewKey()
    {
        Assert.True(RndcKey.TryCreate("k", "hmac-sha256", RndcRecording.Secret, out RndcKey? key, out _));
        return key;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> sessions = [];
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_end.Token);
                sessions.Add(ServeAsync(socket, Interlocked.Increment(ref _connections)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(Socket socket, int connection)
    {
        using Socket owned = socket;
        await using NetworkStream stream = new(socket);
        try
        {
            for (int message = 0; ; message++)
            {
                byte[] head = new byte[4];
                await stream.ReadExactlyAsync(head, _end.Token);
                byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
                await stream.ReadExactlyAsync(payload, _end.Token);
                Assert.Equal(RndcError.None, RndcCodec.Decode(payload, Key, out RndcTable body));
                byte[]? answer = await _script(new ScriptedCommand(this, connection, message, body));
                if (answer is null)
                    return;
                await stream.WriteAsync(answer, _end.Token);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The client has closed, or the test is over.
        }
    }
}

/// <summary>One message that came, with the answers it may get.</summary>
internal sealed record ScriptedCommand(ScriptedNamed Server, int Connection, int Message, RndcTable Body)
{
    public string Text => Body.Table("_data")!.Text("type")!;

    public string Serial => Body.Table("_ctrl")!.Text("_ser")!;

    public bool IsGreeting => Text == "null";

    public byte[] Done(string text = "") => Answer(Serial, ScriptedNamed.Nonce, "0", "", text);

    public byte[] Failed(string error, string text = "") => Answer(Serial, ScriptedNamed.Nonce, "1", error, text);

    public byte[] Answer(string serial, string nonce, string result, string error, string text)
    {
        RndcTable data = new RndcTable().Add("type", Text).Add("result", result);
        if (error.Length > 0)
            data.Add("err", error);
        if (text.Length > 0)
            data.Add("text", text);
        RndcTable control = new RndcTable().Add("_ser", serial).Add("_rpl", "1").Add("_nonce", nonce);
        return RndcCodec.Encode(new RndcTable().Add("_ctrl", control).Add("_data", data), Server.Key);
    }
}
