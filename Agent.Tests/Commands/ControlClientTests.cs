using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Host.Commands;

namespace Agent.Tests.Commands;

/// <summary>The pool manager's side against a scripted agent on loopback.</summary>
public class ControlClientTests
{
    [Theory]
    [InlineData(ControlOperation.Create, "123474000001000000000001076578616d706c6503636f6d00ff02ff00")]
    [InlineData(ControlOperation.Delete, "123474000001000000000001076578616d706c6503636f6d00ff03ff00")]
    [InlineData(ControlOperation.Notify, "123424000001000000000001076578616d706c6503636f6d0000060001")]
    public void Requests_are_the_pool_managers_bytes_and_an_opt(ControlOperation operation, string hex)
    {
        var request = new ControlRequest(operation, DomainName.Parse("example.com."), UseTcp: false, TimeSpan.FromSeconds(1));
        byte[] message = ControlClient.Compose(request, 0x1234, out _);
        Assert.Equal(hex + "00002904d0000000000000", Convert.ToHexStringLower(message));
    }

    [Theory]
    [InlineData("udp", "create")]
    [InlineData("udp", "delete")]
    [InlineData("udp", "notify")]
    [InlineData("tcp", "create")]
    [InlineData("tcp", "delete")]
    [InlineData("tcp", "notify")]
    public async Task Success_is_noerror_with_aa(string transport, string operation)
    {
        using var agent = new ScriptedAgent(Answered);
        string[] arguments = ["zone", operation, "Example.org", "--at", agent.At, .. transport == "tcp" ? new[] { "--tcp" } : []];
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.StartsWith(
            $"Example.org. {operation.ToUpperInvariant()} {agent.At} ({transport.ToUpperInvariant()}): NOERROR, flags qr aa, ", run.Output);
    }

    [Fact]
    public async Task A_person_sees_that_an_answer_is_waited_for()
    {
        using var agent = new ScriptedAgent(Answered);
        string[] arguments = ["zone", "create", "example.org", "--at", agent.At, "--timeout", "20"];
        CommandRun seen = await CommandRun.OnTerminal(arguments);
        Assert.Equal($"example.org. CREATE sent to {agent.At} (UDP), waiting at most 20 s for the answer\n", seen.Error);
        Assert.Single(seen.Output.TrimEnd('\n').Split('\n'));
        Assert.Empty((await CommandRun.Of(arguments)).Error);
    }

    [Fact]
    public async Task Refusal_is_shown_with_its_reason()
    {
        using var agent = new ScriptedAgent(request => [Reply(request, ResponseCode.Refused, false, "not on the list\u001b[31m")]);
        CommandRun run = await CommandRun.Of("zone", "create", "example.org", "--at", agent.At);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("REFUSED, flags qr, ", run.Output);
        Assert.Contains("extended error 18 Prohibited: not on the list\uFFFD[31m", run.Output);
    }

    [Theory]
    [InlineData("--tcp")]
    [InlineData("--timeout=30")]
    public async Task What_answers_another_request_is_passed_over(string option)
    {
        using var agent = new ScriptedAgent(request =>
        {
            byte[] otherId = Reply(request, ResponseCode.Refused, false);
            otherId[0] ^= 0x55;
            byte[] otherOpcode = Reply(request, ResponseCode.Refused, false);
            otherOpcode[2] ^= 0x08;
            byte[] otherName = Reply(request, ResponseCode.Refused, false);
            otherName[13] ^= 1;
            byte[] noResponse = request.ToArray();
            byte[] trailing = [.. Reply(request, ResponseCode.Refused, false), 0];
            return [[], [1, 2, 3], otherId, otherOpcode, otherName, noResponse, trailing, Reply(request, ResponseCode.NoError, true)];
        });
        CommandRun run = await CommandRun.Of("zone", "create", "example.org", "--at", agent.At, option);
        Assert.Equal(ExitCode.Done, run.ExitCode);
    }

    [Fact]
    public async Task Silence_ends_with_124()
    {
        using var agent = new ScriptedAgent(_ => []);
        CommandRun run = await CommandRun.Of("zone", "delete", "example.org", "--at", agent.At, "--timeout", "0.2");
        Assert.Equal(ExitCode.TimedOut, run.ExitCode);
        Assert.Contains("no answer from", run.Error);
    }

    [Theory]
    [InlineData("--tcp")]
    [InlineData("--timeout=30")]
    public async Task Nobody_there_ends_with_3(string option)
    {
        string at;
        using (var agent = new ScriptedAgent(Answered)) at = agent.At;
        CommandRun run = await CommandRun.Of("zone", "create", "example.org", "--at", at, option);
        Assert.Equal(ExitCode.NotRunning, run.ExitCode);
    }

    [Fact]
    public async Task Nor_is_anybody_at_a_name_that_has_no_address()
    {
        CommandRun run = await CommandRun.Of("zone", "create", "example.org", "--at", "nobody.invalid:53");
        Assert.Equal(ExitCode.NotRunning, run.ExitCode);
        Assert.Contains("nobody.invalid", run.Error);
    }

    [Theory]
    [InlineData("key \"k.example\" { algorithm hmac-sha256; secret \"c2VjcmV0\"; };")]
    [InlineData("// made by hand\nkey k.example {\n\tsecret c2VjcmV0;\n\talgorithm HMAC-SHA256;\n};\n")]
    public async Task Requests_are_signed_and_only_signed_success_counts(string keyText)
    {
        TsigKey known = new(DomainName.Parse("k.example"), TsigAlgorithm.HmacSha256, "secret"u8);
        using var file = new KeyFile(keyText);
        using var agent = new ScriptedAgent(request =>
        {
            TsigVerification verification = TsigVerifier.VerifyRequest(request, new TsigKeyring([known]), Now());
            Assert.True(verification.IsVerified);
            byte[] unsigned = Reply(request, ResponseCode.NoError, true);
            byte[] signed = Signed(unsigned, verification);
            byte[] forged = [.. signed];
            forged[3] ^= 0x20;
            return [unsigned, forged, signed];
        });
        CommandRun run = await CommandRun.Of("zone", "delete", "example.org", "--at", agent.At, "--key-file", file.Path);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains("NOERROR, flags qr aa, signed, ", run.Output);
    }

    [Fact]
    public async Task An_agent_with_another_secret_is_told_by_the_name_of_its_error()
    {
        TsigKey known = new(DomainName.Parse("k"), TsigAlgorithm.HmacSha256, "another"u8);
        using var file = new KeyFile("key k { algorithm hmac-sha256; secret \"c2VjcmV0\"; };");
        using var agent = new ScriptedAgent(request =>
            [Signed(Reply(request, ResponseCode.NotAuth, false), TsigVerifier.VerifyRequest(request, new TsigKeyring([known]), Now()))]);
        CommandRun run = await CommandRun.Of("zone", "notify", "example.org", "--at", agent.At, "--key-file", file.Path);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("NOTAUTH, flags qr, TSIG error BADSIG, ", run.Output);
    }

    [Fact]
    public async Task An_agent_that_does_not_know_the_key_is_told_apart()
    {
        using var file = new KeyFile("key k { algorithm hmac-sha512; secret \"c2VjcmV0\"; };");
        using var agent = new ScriptedAgent(request =>
            [Signed(Reply(request, ResponseCode.NotAuth, false), TsigVerifier.VerifyRequest(request, TsigKeyring.Empty, Now()))]);
        CommandRun run = await CommandRun.Of("zone", "create", "example.org", "--at", agent.At, "--key-file", file.Path);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("NOTAUTH, flags qr, TSIG error BADKEY, ", run.Output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("key k { algorithm hmac-sha256; };")]
    [InlineData("key k { algorithm hmac-sha257; secret hush; };")]
    [InlineData("key k { algorithm hmac-sha256; secret \"hush!\"; };")]
    [InlineData("key k { algorithm hmac-sha256; secret \"hush; };")]
    [InlineData("key a..b { algorithm hmac-sha256; secret hush; };")]
    [InlineData("key k { algorithm hmac-sha256; secret hush; }; key l { algorithm hmac-sha256; secret hush; };")]
    public async Task A_broken_key_file_ends_with_2_and_stays_unseen(string text)
    {
        using var file = new KeyFile(text);
        CommandRun run = await CommandRun.Of("zone", "create", "example.org", "--at", "127.0.0.1:9", "--key-file", file.Path);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.DoesNotContain("hush", run.Error);
    }

    [Fact]
    public async Task An_absent_key_file_ends_with_2()
    {
        CommandRun run = await CommandRun.Of("zone", "create", "example.org", "--at", "127.0.0.1:9", "--key-file", "/nonexistent/key");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
    }

    private static ulong Now() => (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private static byte[] Signed(byte[] reply, TsigVerification request)
    {
        byte[] buffer = new byte[reply.Length + TsigSigner.SignatureBytesMax];
        reply.CopyTo(buffer, 0);
        int length = reply.Length;
        Assert.True(TsigSigner.TrySignReply(buffer, ref length, request, Now()));
        return buffer[..length];
    }

    private static IEnumerable<byte[]> Answered(byte[] request) => [Reply(request, ResponseCode.NoError, true)];

    private static byte[] Reply(byte[] request, ResponseCode code, bool authoritative, string? reason = null)
    {
        Assert.True(MessageHeader.TryRead(request, out MessageHeader header));
        var writer = new MessageWriter(new byte[512], header.Id, header.ReplyFlags(code, authoritative));
        Assert.True(writer.TryEchoQuestions(request));
        Assert.True(writer.TryWriteOpt(1232));
        if (reason is not null) Assert.True(writer.TryWriteExtendedError(ExtendedErrorCode.Prohibited, reason));
        return writer.Written.ToArray();
    }

    private sealed class KeyFile : IDisposable
    {
        public KeyFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }

    /// <summary>Answers every message over UDP and TCP on one port with what the script gives.</summary>
    private sealed class ScriptedAgent : IDisposable
    {
        private readonly Socket _udp;
        private readonly TcpListener _tcp;
        private readonly Func<byte[], IEnumerable<byte[]>> _script;

        public ScriptedAgent(Func<byte[], IEnumerable<byte[]>> script)
        {
            _script = script;
            (_udp, _tcp) = BindBoth();
            _ = ServeUdpAsync();
            _ = ServeTcpAsync();
        }

        public string At => _udp.LocalEndPoint!.ToString()!;

        public void Dispose()
        {
            _udp.Dispose();
            _tcp.Dispose();
        }

        private static (Socket Udp, TcpListener Tcp) BindBoth()
        {
            while (true)
            {
                var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                var tcp = new TcpListener((IPEndPoint)udp.LocalEndPoint!);
                try
                {
                    tcp.Start();
                    return (udp, tcp);
                }
                catch (SocketException)
                {
                    // Somebody has this port for TCP; another pair then.
                    udp.Dispose();
                    tcp.Dispose();
                }
            }
        }

        private async Task ServeUdpAsync()
        {
            byte[] buffer = new byte[1024];
            try
            {
                while (true)
                {
                    SocketReceiveFromResult received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                    foreach (byte[] answer in _script(buffer[..received.ReceivedBytes]))
                    {
                        await _udp.SendToAsync(answer, received.RemoteEndPoint);
                    }
                }
            }
            catch (Exception closed) when (closed is ObjectDisposedException or SocketException)
            {
            }
        }

        private async Task ServeTcpAsync()
        {
            try
            {
                while (true)
                {
                    using TcpClient client = await _tcp.AcceptTcpClientAsync();
                    NetworkStream stream = client.GetStream();
                    byte[] length = new byte[2];
                    await stream.ReadExactlyAsync(length);
                    byte[] request = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                    await stream.ReadExactlyAsync(request);
                    foreach (byte[] answer in _script(request))
                    {
                        await stream.WriteAsync(new[] { (byte)(answer.Length >> 8), (byte)answer.Length });
                        await stream.WriteAsync(answer);
                    }

                    // Until the client is done: closing now could reset what it has not read yet.
                    _ = await stream.ReadAtLeastAsync(length, 1, throwOnEndOfStream: false);
                }
            }
            catch (Exception closed) when (closed is ObjectDisposedException or SocketException or IOException)
            {
            }
        }
    }
}
