using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Agent.Tests.Etcd;

/// <summary>Speaks HTTP like etcd's gateway and says what the test wants it to, on one path after the other.</summary>
internal sealed class ScriptedEtcd : IAsyncDisposable
{
    public const string Cluster = "7";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, Func<Reply, Task>> _answers = new(StringComparer.Ordinal);
    private readonly List<string> _requests = [];
    private readonly Task _accepting;

    public ScriptedEtcd(string cluster = Cluster)
    {
        _listener.Start();
        On("/v3/maintenance/status", $"{{{Header(1, 1, cluster)},\"version\":\"3.4.99\"}}");
        _accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Path, token and body of every request.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests) return [.. _requests];
        }
    }

    public static string Header(long revision, long term = 1, string cluster = Cluster) =>
        $"\"header\":{{\"cluster_id\":\"{cluster}\",\"member_id\":\"1\",\"revision\":\"{revision}\",\"raft_term\":\"{term}\"}}";

    public static string Change(string key, long revision, string more = "") =>
        $"{{\"kv\":{{\"key\":\"{Base64(key)}\",\"create_revision\":\"{revision}\",\"mod_revision\":\"{revision}\","
        + $"\"value\":\"eA==\"}}{more}}}";

    public static string Events(long revision, string events, string more = "") =>
        $"{{\"result\":{{{Header(revision)},\"events\":[{events}]{more}}}}}\n";

    public static string Created(long revision) => $"{{\"result\":{{{Header(revision)},\"created\":true}}}}\n";

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public void On(string path, string answer, int status = 200) => On(path, reply => reply.WholeAsync(answer, status));

    public void On(string path, Func<Reply, Task> answer)
    {
        lock (_answers) _answers[path] = answer;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient owned = client;
        try
        {
            NetworkStream stream = client.GetStream();
            while (await ReadLineAsync(stream) is { Length: > 0 } start)
            {
                string path = start.Split(' ')[1];
                string token = "";
                int length = 0;
                while (await ReadLineAsync(stream) is { Length: > 0 } line)
                {
                    if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                        length = int.Parse(line.AsSpan(16), CultureInfo.InvariantCulture);
                    if (line.StartsWith("Authorization: ", StringComparison.OrdinalIgnoreCase)) token = line[15..];
                }

                byte[] body = new byte[length];
                await stream.ReadExactlyAsync(body, _stop.Token);
                lock (_requests) _requests.Add($"{path} {token} {Encoding.UTF8.GetString(body)}");
                Func<Reply, Task>? answer;
                lock (_answers) answer = _answers.GetValueOrDefault(path);
                await (answer ?? (reply => reply.WholeAsync("Not Found", 404)))(new Reply(stream, _stop.Token));
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client has gone, or the test is over.
        }
    }

    private async Task<string> ReadLineAsync(NetworkStream stream)
    {
        StringBuilder line = new();
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one, _stop.Token) == 1 && one[0] != '\n')
        {
            if (one[0] != '\r') line.Append((char)one[0]);
        }

        return line.ToString();
    }

    /// <summary>The answer to one request.</summary>
    internal sealed class Reply(NetworkStream stream, CancellationToken stop)
    {
        public async Task WholeAsync(string body, int status = 200)
        {
            int length = Encoding.UTF8.GetByteCount(body);
            await RawAsync($"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
            await RawAsync(body);
        }

        /// <summary>Begins an answer that ends with the connection.</summary>
        public Task BeginAsync() => RawAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n");

        public Task RawAsync(string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), stop).AsTask();

        /// <summary>Says nothing more for as long as the test runs.</summary>
        public Task HangAsync()
        {
            TaskCompletionSource never = new();
            return never.Task.WaitAsync(stop);
        }

        /// <summary>One octet after the other, each for itself, for as long as the test runs.</summary>
        public async Task DripAsync()
        {
            using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(50));
            while (await pace.WaitForNextTickAsync(stop)) await RawAsync(" ");
        }
    }
}
