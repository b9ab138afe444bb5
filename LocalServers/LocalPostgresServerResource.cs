namespace Aspire.Hosting.ApplicationModel;

/// <summary>A PostgreSQL server that runs as a process of this machine.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="password">The password of its superuser, <c>postgres</c>.</param>
public sealed class LocalPostgresServerResource(string name, ParameterResource password)
    : LocalServerResource(name, password),
        IResourceWithConnectionString
{
    internal const string UserName = "postgres";

    /// <summary><c>Host=..;Port=..;Username=postgres;Password=..</c>, without a database.</summary>
    public ReferenceExpression ConnectionStringExpression =>
        ReferenceExpression.Create($"Host={Host};Port={Port};Username={UserName};Password={PasswordParameter}");

    /// <summary><c>postgresql://postgres:password@host:port</c>.</summary>
    public ReferenceExpression UriExpression =>
        ReferenceExpression.Create($"postgresql://{UserName}:{PasswordParameter:uri}@{Host}:{Port}");

    /// <summary><c>jdbc:postgresql://host:port</c>; user and password are properties of their own.</summary>
    public ReferenceExpression JdbcConnectionString => ReferenceExpression.Create($"jdbc:postgresql://{Host}:{Port}");

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        [
            new("Host", ReferenceExpression.Create($"{Host}")),
            new("Port", ReferenceExpression.Create($"{Port}")),
            new("Username", ReferenceExpression.Create($"{UserName}")),
            new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
            new("Uri", UriExpression),
            new("JdbcConnectionString", JdbcConnectionString),
        ];
}

/// <summary>A database of a <see cref="LocalPostgresServerResource"/>.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="databaseName">The name of the database on the server.</param>
/// <param name="parent">The server.</param>
public sealed class LocalPostgresDatabaseResource(string name, string databaseName, LocalPostgresServerResource parent)
    : Resource(name),
        IResourceWithParent<LocalPostgresServerResource>,
        IResourceWithConnectionString
{
    /// <inheritdoc/>
    public LocalPostgresServerResource Parent => parent;

    /// <summary>The name of the database on the server.</summary>
    public string DatabaseName => databaseName;

    /// <summary>The server's connection string with the database.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{parent};Database={databaseName}");

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        parent.CombineProperties([
            new("DatabaseName", ReferenceExpression.Create($"{databaseName}")),
            new("Uri", ReferenceExpression.Create($"{parent.UriExpression}/{databaseName:uri}")),
            new("JdbcConnectionString", ReferenceExpression.Create($"{parent.JdbcConnectionString}/{databaseName:uri}")),
        ]);
}
