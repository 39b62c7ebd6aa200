namespace Agent.Bench.Peers;

/// <summary>A TSIG key as configurations have it: its name, its secret in base64, and the algorithm that it is for.</summary>
public sealed record TransferKey(string Name, string Secret, string Algorithm = "hmac-sha256");
