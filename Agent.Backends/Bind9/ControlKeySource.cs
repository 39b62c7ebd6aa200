using Agent.Backends.Shared;

namespace Agent.Backends.Bind9;

/// <summary>Where the control key comes from: the settings, or a file that is read again each time, so that a new key is noticed.</summary>
internal sealed class ControlKeySource
{
    private readonly Bind9Options _options;
    private readonly RndcKey? _fixedKey;

    /// <exception cref="BackendOptionsException">There is no key, or one that can never work.</exception>
    public ControlKeySource(Bind9Options options)
    {
        _options = options;
        _fixedKey = FixedKey(options);
    }

    /// <exception cref="BackendException">The file cannot be read, or has no such key.</exception>
    public RndcKey Read() => _fixedKey ?? KeyFromFile();

    private RndcKey KeyFromFile()
    {
        string path = _options.KeyFile!;
        string? error;
        try
        {
            if (new FileInfo(path).Length > RndcKeyFile.SizeMax)
                error = "it is too large";
            else if (RndcKeyFile.TryParse(File.ReadAllText(path), _options.KeyName, out RndcKey? key, out error))
                return key;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error = failure.Message;
        }

        throw BackendException.Away($"cannot take the control key from {path}: {error}");
    }

    private static RndcKey? FixedKey(Bind9Options options)
    {
        if (options.KeySecret is null)
        {
            return options.KeyFile is not null
                ? null
                : throw new BackendOptionsException("key-file", "a control key is needed: key-file, or key-algorithm and key-secret");
        }

        string name = options.KeyName ?? "rndc-key";
        return RndcKey.TryCreate(name, options.KeyAlgorithm, options.KeySecret, out RndcKey? key, out string? error)
            ? key
            : throw new BackendOptionsException("key-secret", error);
    }
}
