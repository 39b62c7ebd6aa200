using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;

namespace Agent.Backends.Bind9;

/// <summary>Where named listens for control, and the key for it.</summary>
/// <param name="Host">Address or name.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Key">The key to sign with.</param>
public sealed record RndcEndpoint(string Host, int Port, RndcKey Key)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>
/// One control connection to named, kept open for many commands. rndc itself makes a connection for each command; named does not ask for
/// that: after each answer it reads on, and the nonce stays.
/// <code>
///   connect -> "null" -> answer carries the nonce -> ready -> command (with the nonce) -> answer -> ready ...
///                     -> closed: named does not say why; key, address list or clock are wrong
///   any error, a late answer, a cancelled command -> broken: only good for disposal
/// </code>
/// Every message has a serial that no other message of this process has: named drops what it saw within 15 minutes. For one command at
/// a time.
/// </summary>
public sealed class RndcConnection : IAsyncDisposable
{
    private const int ValiditySeconds = 60;

    // Answers about one zone are shorter.
    private const int UsualFrameSize = 2048;

    // All connections of the process count on together; the start is random because another process may talk to the same named.
    private static int _lastSerial = RandomNumberGenerator.GetInt32(int.MaxValue);

    private readonly RndcEndpoint _endpoint;
    private readonly TimeProvider _time;
    private readonly Socket _socket;
    private readonly byte[] _usualFrame = new byte[UsualFrameSize];
    private string? _nonce;

    private RndcConnection(RndcEndpoint endpoint, TimeProvider time, Socket socket)
    {
        _endpoint = endpoint;
        _time = time;
        _socket = socket;
    }

    /// <summary>Connects and gets the nonce.</summary>
    /// <exception cref="RndcException">named is not there, or does not accept us.</exception>
    public static async Task<RndcConnection> OpenAsync(RndcEndpoint endpoint, TimeProvider time, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        RndcConnection connection = new(endpoint, time, socket);
        try
        {
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, cancellation);
            await connection.GreetAsync(cancellation);
            return connection;
        }
        catch (SocketException error)
        {
            await connection.DisposeAsync();
            throw new RndcException($"cannot connect to named's control channel at {endpoint}: {error.Message}", error);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <exception cref="RndcException">The connection broke or the answer cannot be trusted.</exception>
    public async Task<RndcReply> CallAsync(string command, CancellationToken cancellation)
    {
        FaultPoint.Pass("rndc.sending");
        RndcTable answer = await ExchangeAsync(command, cancellation);
        FaultPoint.Pass("rndc.answered");
        RndcTable? data = answer.Table("_data");
        return new RndcReply(data?.Text("result") ?? "", data?.Text("err") ?? "", data?.Text("text") ?? "");
    }

    /// <summary>Closes at once.</summary>
    public void Close() => _socket.Dispose();

    /// <summary>The same.</summary>
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private async Task GreetAsync(CancellationToken cancellation)
    {
        RndcTable answer;
        try
        {
            answer = await ExchangeAsync("null", cancellation);
        }
        catch (RndcException error) when (error.IsClosed)
        {
            throw new RndcException(
                $"named at {_endpoint} closed the control connection without an answer: "
                + $"the secret or algorithm of {_endpoint.Key} differs from named's, "
                + "or its controls statement does not allow this address, or the clocks are more than five minutes apart",
                error);
        }

        _nonce = answer.Table("_ctrl")?.Text("_nonce");
        if (string.IsNullOrEmpty(_nonce))
            throw new RndcException($"named at {_endpoint} gave no nonce");
    }

    private async Task<RndcTable> ExchangeAsync(string command, CancellationToken cancellation)
    {
        string serial = ((uint)Interlocked.Increment(ref _lastSerial)).ToString(CultureInfo.InvariantCulture);
        byte[] request = RndcCodec.Encode(Compose(command, serial), _endpoint.Key);
        if (request.Length > RndcCodec.RequestSizeMax)
            throw new RndcException($"a control command of {request.Length} octets is longer than named reads");
        ReadOnlyMemory<byte> payload;
        long started = _time.GetTimestamp();
        try
        {
            await _socket.SendAsync(request, cancellation);
            if (_nonce is not null)
                FaultPoint.Pass("rndc.sent");
            payload = await ReadFrameAsync(cancellation);
            ChangeMetrics.Waited(ChangeWait.TargetServer, _time.GetElapsedTime(started));
        }
        catch (SocketException error)
        {
            throw new RndcException($"the control connection to {_endpoint} broke: {error.Message}", error, isClosed: true);
        }

        RndcError wrong = RndcCodec.Decode(payload.Span, _endpoint.Key, out RndcTable answer);
        if (wrong != RndcError.None)
            throw new RndcException($"the answer on the control connection to {_endpoint} is not acceptable: {wrong}");
        RndcTable? control = answer.Table("_ctrl");
        bool isOurs = control?.Text("_rpl") == "1" && control.Text("_ser") == serial
            && (_nonce is null || control.Text("_nonce") == _nonce);
        return isOurs ? answer : throw new RndcException($"the answer on the control connection to {_endpoint} belongs to another command");
    }

    private RndcTable Compose(string command, string serial)
    {
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        RndcTable control = new RndcTable()
            .Add("_ser", serial)
            .Add("_tim", now.ToString(CultureInfo.InvariantCulture))
            .Add("_exp", (now + ValiditySeconds).ToString(CultureInfo.InvariantCulture));
        if (_nonce is not null)
            control.Add("_nonce", _nonce);
        return new RndcTable().Add("_ctrl", control).Add("_data", new RndcTable().Add("type", command));
    }

    /// <summary>What follows the length of the next frame, until the next call; small ones come with one receive.</summary>
    private async Task<ReadOnlyMemory<byte>> ReadFrameAsync(CancellationToken cancellation)
    {
        byte[] frame = _usualFrame;
        int received = await ReceiveAsync(frame, 0, RndcCodec.LengthSize, cancellation);
        if (RndcCodec.ReadLength(frame, RndcCodec.ReplySizeMax, out int length) != RndcError.None)
            throw new RndcException($"the answer on the control connection to {_endpoint} has an impossible length");
        int size = RndcCodec.LengthSize + length;
        if (size > frame.Length)
            Array.Resize(ref frame, size);
        received = await ReceiveAsync(frame, received, size, cancellation);
        return received == size
            ? frame.AsMemory(RndcCodec.LengthSize, length)
            : throw new RndcException($"named at {_endpoint} sent more on the control connection than it was asked for");
    }

    /// <summary>Receives until so many octets of the frame are here; how many are.</summary>
    private async Task<int> ReceiveAsync(byte[] frame, int received, int needed, CancellationToken cancellation)
    {
        while (received < needed)
        {
            int got = await _socket.ReceiveAsync(frame.AsMemory(received), cancellation);
            if (got == 0)
                throw new RndcException($"named at {_endpoint} closed the control connection", inner: null, isClosed: true);
            received += got;
        }

        return received;
    }
}
